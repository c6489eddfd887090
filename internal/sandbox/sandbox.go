// Package sandbox is an AWS account on this machine: real wire protocols in front, and a data plane behind them that name
// servers, load balancers and instances answer from. Programs run against it unchanged.
package sandbox

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/app"
	"bluegreen/internal/sandbox/autoscaling"
	"bluegreen/internal/sandbox/cloudwatch"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/ecr"
	"bluegreen/internal/sandbox/elbv2"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/imds"
	"bluegreen/internal/sandbox/metrics"
	"bluegreen/internal/sandbox/nameserver"
	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/route53"
	"bluegreen/internal/sandbox/s3"
	"bluegreen/internal/sandbox/secretsmanager"
	"bluegreen/internal/sandbox/ssm"
	"bluegreen/internal/sandbox/sts"
	"bluegreen/internal/sandbox/wafv2"
	"bluegreen/internal/sandbox/wire"
)

// Options says what sandbox to make. The zero value is a usable one.
type Options struct {
	Account account.Options
	// Fabric is the network; one of real sockets when nil. The sandbox closes it.
	Fabric *fabric.Fabric
	// Port of the AWS endpoint; DefaultPort when zero.
	Port int
	// Resolution and Delay of metrics; as on AWS a minute, and none, when zero.
	Resolution, Delay time.Duration
	// Route53 has the delays of Route 53; its ResolveAlias is set here.
	Route53 route53.Options
	// Machines makes what runs the software of instances; HTTP apps in this process when nil. The sandbox closes it.
	Machines func(*Sandbox) (Machines, error)
	// Guest writes the script of an instance's software, in place of what Machines would print; see ec2.Guest. The account is
	// locked.
	Guest func(ec2.Machine) ec2.Guest
	// Command writes what comes of a shell script that Run Command sends to an instance, in place of running it; see
	// ec2.Service.RunScript. The account is locked.
	Command func(m ec2.Machine, script string) ec2.Guest
	// Observe is told of every request that a load balancer answers, and Log of what goes wrong in the data plane.
	Observe func(elbv2.Request)
	Log     func(problem error)
}

// DefaultPort is where the AWS endpoint listens.
const DefaultPort = 4566

// Sandbox is a running account. Its services' exported methods need the account locked.
type Sandbox struct {
	Account  *account.Account
	Fabric   *fabric.Fabric
	Front    *wire.Front
	DNS      *nameserver.Servers
	EC2      *ec2.Service
	Groups   *autoscaling.Service
	Balancer *elbv2.Service
	Params   *ssm.Service
	Metrics  *metrics.Store
	Alarms   *cloudwatch.Service
	Zones    *route53.Service
	WAF      *wafv2.Service
	Images   *ecr.Service
	Buckets  *s3.Service
	Secrets  *secretsmanager.Service
	Metadata *imds.Service

	machines     Machines
	ca           *proxy.CA
	certificates map[string]bool
	beside       *servers // what is served beside the APIs, on demand
	registryOnce sync.Once
	registry     RegistryAddresses
	registryErr  error
	server       *http.Server
	endpoint     string
}

// New starts an account without resources. Close it to end all that runs in it.
func New(o Options) (*Sandbox, error) {
	if o.Fabric == nil {
		loopback, err := fabric.Loopback()
		if err != nil {
			return nil, err
		}
		o.Fabric = loopback
	}
	s := &Sandbox{Account: account.New(o.Account), Fabric: o.Fabric, certificates: map[string]bool{}, beside: newServers()}
	s.Metrics = metrics.New(metrics.Options{Resolution: o.Resolution, Delay: o.Delay})
	if err := s.join(o); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.serve(o.Port); err != nil {
		s.Close()
		return nil, err
	}
	if o.Machines != nil {
		machines, err := o.Machines(s)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("prepare for instances: %w", err)
		}
		s.machines = machines
	}
	return s, nil
}

// join makes the services and shows each the neighbours that it needs.
func (s *Sandbox) join(o Options) (err error) {
	if o.Machines == nil {
		s.machines = apps{app.NewHost(s.Account, s.Fabric)}
	}
	s.EC2 = ec2.New(ec2.Options{
		Account: s.Account, Fabric: s.Fabric,
		Start:    func(m ec2.Machine) (func(), error) { return s.machines.Start(m) },
		CheckTag: checkTag, Guest: o.Guest, Command: o.Command,
		Console: s.console, Capture: s.capture, Discard: s.discard,
		Parameter:  func(name string) (string, bool) { return s.Params.Value(name) },
		Parameters: func(value string) []string { return s.Params.Holders(value) },
	})
	if s.ca, err = proxy.NewCA(); err != nil {
		return err
	}
	s.Balancer, err = elbv2.New(elbv2.Options{
		Account: s.Account, Fabric: s.Fabric, CA: s.ca,
		Subnet: s.EC2.Subnet, SecurityGroup: s.EC2.SecurityGroupExists, Instance: s.EC2.Instance,
		Certificate: func(arn string) bool { return s.certificates[arn] },
		Metrics:     s.Metrics, Observe: o.Observe, Log: o.Log,
	})
	if err != nil {
		return err
	}
	s.EC2.OnStateChange(s.instanceChanged)
	s.Groups = autoscaling.New(autoscaling.Options{
		Account: s.Account, Compute: s.EC2, Balancer: s.Balancer, Requests: s.requestsPerTarget,
	})
	s.Metadata = imds.New(imds.Options{
		Account: s.Account, TargetState: s.Groups.TargetState, Interrupt: s.EC2.Interrupt,
		Instance: func(id string) (imds.Instance, bool) {
			m, ok := s.EC2.Metadata(id)
			return imds.Instance(m), ok
		},
	})
	o.Route53.ResolveAlias = func(name string) (route53.Alias, bool) {
		zone, v4, v6, healthy, ok := s.Balancer.Alias(name)
		return route53.Alias{ZoneID: zone, IPv4: v4, IPv6: v6, Healthy: healthy}, ok
	}
	s.Account.Lock()
	s.Zones = route53.New(s.Account, o.Route53)
	s.Params = ssm.New(s.Account)
	s.Params.Manage(ssm.Fleet{Instance: s.managed, Run: s.run})
	s.Images = ecr.New(s.Account)
	s.Secrets = secretsmanager.New(s.Account)
	s.WAF = wafv2.New(s.Account, s.Balancer.BalancerExists)
	caller := sts.New(s.Account)
	s.Account.Unlock()
	s.DNS, err = nameserver.Start(nameserver.Options{Account: s.Account, Fabric: s.Fabric, Zones: s.Zones})
	if err != nil {
		return fmt.Errorf("start the name servers: %w", err)
	}
	s.Alarms = cloudwatch.New(s.Account, s.Metrics)
	s.Front = wire.NewFront(s.Account,
		s.Zones.API(), s.EC2.API(), s.Balancer.API(), s.Groups.API(), s.Alarms.API(), s.Params.API(), caller.API(), s.WAF.API(),
		s.Images.API(), s.Secrets.API())
	s.Buckets = s3.New(s.Account)
	s.Front.Join(s.Buckets.API(), s.Buckets.Claims)
	return nil
}

// instanceChanged tells those who do something for an instance that it has come to an end, or to a rest.
func (s *Sandbox) instanceChanged(id, state string) {
	s.Params.InstanceChanged(id, state)
	switch state {
	case launch.Terminated:
		s.Balancer.InstanceGone(id)
		s.Metadata.Forget(id)
		s.beside.stop(metadataServer(id))
	case launch.Stopped:
		s.Metadata.Forget(id)
	}
}

// checkTag refuses tags that would change what an app does, if they cannot be understood.
func checkTag(key, value string) error {
	var err error
	switch key {
	case app.BehaviorTag:
		_, err = app.ParseBehavior(value)
	case ec2.ConsoleTag, ec2.CommandTag:
		_, err = ec2.ParseGuest(value)
	case ManagedTag:
		if value != unmanaged {
			err = fmt.Errorf("tag %s: want %q, or no such tag", key, unmanaged)
		}
	}
	return err
}

// requestsPerTarget is what target tracking acts on: the requests of the last full minute. The account is locked.
func (s *Sandbox) requestsPerTarget(label string) (float64, bool) {
	dims, ok := dimensions(label)
	if !ok {
		return 0, false
	}
	end := s.Account.Now().Truncate(time.Minute)
	points := s.Metrics.Query("AWS/ApplicationELB", "RequestCountPerTarget", dims, end.Add(-time.Minute), end, time.Minute, metrics.Sum)
	if len(points) == 0 {
		return 0, false
	}
	return points[len(points)-1].Value, true
}

func (s *Sandbox) serve(port int) error {
	if port == 0 {
		port = DefaultPort
	}
	addr := netip.AddrPortFrom(s.Fabric.Next(fabric.API), uint16(port)).String()
	listener, err := s.Fabric.Listen(addr)
	if err != nil {
		return fmt.Errorf("listen for API calls: %w", err)
	}
	s.endpoint = "http://" + addr
	s.server = &http.Server{Handler: s.Front, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }() // ends with Close
	return nil
}

// Endpoint is the URL of all AWS APIs.
func (s *Sandbox) Endpoint() string { return s.endpoint }

// Resolver is the address of the DNS resolver.
func (s *Sandbox) Resolver() string { return s.DNS.Resolver().String() }

// Transport calls the APIs without a socket.
func (s *Sandbox) Transport() http.RoundTripper { return wire.Transport(s.Front) }

// AddCertificate makes a certificate exist that listeners can name, and returns its ARN. The account must be locked.
func (s *Sandbox) AddCertificate() string {
	arn := s.Account.ARN("acm", "certificate/"+s.Account.Hex(32))
	s.certificates[arn] = true
	return arn
}

// Close ends all that runs in the account.
func (s *Sandbox) Close() {
	if s.server != nil {
		_ = s.server.Close()
	}
	s.beside.close()
	s.Account.Close()
	if s.Balancer != nil {
		s.Balancer.Close()
	}
	if s.machines != nil {
		s.machines.Close()
	}
	if s.DNS != nil {
		_ = s.DNS.Close()
	}
	_ = s.Fabric.Close()
}
