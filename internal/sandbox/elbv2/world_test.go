package elbv2

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an account with load balancers in it, three subnets, two security groups, a certificate, and instances that
// serve HTTP on port 8000.
type world struct {
	*Service
	t         testing.TB
	api       *sdk.Client // over the wire
	acct      *account.Account
	instances map[string]*instance
	ledger    ledger

	mu       sync.Mutex
	observed []Request
	problems []error
}

type instance struct {
	addr    netip.Addr
	running bool
	server  *http.Server
	done    chan struct{}
}

const (
	vpc         = "vpc-1"
	certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
	otherCert   = "arn:aws:acm:eu-west-1:123456789012:certificate/2"
)

var subnetZones = map[string][2]string{
	"subnet-a": {vpc, "eu-west-1a"}, "subnet-b": {vpc, "eu-west-1b"}, "subnet-c": {vpc, "eu-west-1c"},
	"subnet-a2": {vpc, "eu-west-1a"}, "subnet-x": {"vpc-2", "eu-west-1b"}, "subnet-y": {"vpc-2", "eu-west-1a"},
}

// newWorld must be called within the synctest bubble, if there is one. It ends with the test.
func newWorld(t testing.TB, f *fabric.Fabric, speed float64) *world {
	t.Helper()
	w := &world{t: t, instances: map[string]*instance{}, acct: account.New(account.Options{Speed: speed, Seed: 1})}
	s, err := New(Options{
		Account: w.acct,
		Fabric:  f,
		Subnet: func(id string) (string, string, bool) {
			z, ok := subnetZones[id]
			return z[0], z[1], ok
		},
		SecurityGroup: func(id string) bool { return id == "sg-1" || id == "sg-2" },
		Instance: func(id string) (netip.Addr, bool, bool) {
			i, ok := w.instances[id]
			if !ok {
				return netip.Addr{}, false, false
			}
			return i.addr, i.running, true
		},
		Certificate:          func(arn string) bool { return arn == certificate || arn == otherCert },
		VPC:                  func(id string) bool { return id == vpc || id == "vpc-2" },
		DefaultSecurityGroup: func(string) string { return "sg-1" },
		Metrics:              &w.ledger,
		Observe: func(r Request) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.observed = append(w.observed, r)
		},
		Log: func(problem error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.problems = append(w.problems, problem)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = s
	w.api = sdk.New(sdk.Options{
		Region:       w.acct.Region,
		BaseEndpoint: aws.String("http://sandbox"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		HTTPClient: &http.Client{Transport: wire.Transport(wire.NewFront(w.acct, s.API()))},
		Retryer:    aws.NopRetryer{},
	})
	t.Cleanup(w.end)
	return w
}

func (w *world) end() {
	w.Close()
	for _, i := range w.instances {
		i.stop()
	}
	w.acct.Close()
	w.Fabric.Close()
}

// memoryWorld is a world for a synctest bubble.
func memoryWorld(t testing.TB) *world { return newWorld(t, fabric.Memory(), 1) }

// loopbackWorld is a world on real sockets, where a minute takes 300 ms.
func loopbackWorld(t testing.TB) *world {
	t.Helper()
	f, err := fabric.Loopback()
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, f, 200)
}

// launch starts an instance that serves app on port 8000, or only exists when app is nil.
func (w *world) launch(id string, app http.Handler) *instance {
	w.t.Helper()
	i := &instance{addr: w.Fabric.Next(fabric.Instances), running: true, done: make(chan struct{})}
	w.acct.Lock()
	w.instances[id] = i
	w.acct.Unlock()
	if app == nil {
		close(i.done)
		return i
	}
	ln, err := w.Fabric.Listen(netip.AddrPortFrom(i.addr, 8000).String())
	if err != nil {
		w.t.Fatal(err)
	}
	i.server = &http.Server{Handler: app}
	go func() {
		defer close(i.done)
		i.server.Serve(ln)
	}()
	return i
}

func (i *instance) stop() {
	if i.server != nil {
		i.server.Close()
	}
	<-i.done
}

// setRunning starts or stops an instance in the eyes of the account.
func (w *world) setRunning(id string, running bool) {
	w.acct.Lock()
	defer w.acct.Unlock()
	w.instances[id].running = running
}

// saying is an app that answers everything with its own name.
func saying(name string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, name) })
}

// operation is a method of the SDK's client.
type operation[In, Out any] func(context.Context, *In, ...func(*sdk.Options)) (*Out, error)

// must calls what has to succeed.
func must[In, Out any](w *world, op operation[In, Out], in *In) *Out {
	w.t.Helper()
	out, err := op(w.t.Context(), in)
	if err != nil {
		w.t.Fatalf("%T: %v", in, err)
	}
	return out
}

// code of an error as a client sees it; "" for none.
func code(err error) string {
	var e smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.ErrorCode()
	}
	return "not an API error: " + err.Error()
}

func (w *world) balancer(name string, change ...func(*sdk.CreateLoadBalancerInput)) types.LoadBalancer {
	w.t.Helper()
	in := &sdk.CreateLoadBalancerInput{Name: &name, Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-1"}}
	for _, c := range change {
		c(in)
	}
	return must(w, w.api.CreateLoadBalancer, in).LoadBalancers[0]
}

func (w *world) group(name string, change ...func(*sdk.CreateTargetGroupInput)) string {
	w.t.Helper()
	in := &sdk.CreateTargetGroupInput{Name: &name, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(8000), VpcId: aws.String(vpc), HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2)}
	for _, c := range change {
		c(in)
	}
	return *must(w, w.api.CreateTargetGroup, in).TargetGroups[0].TargetGroupArn
}

func forward(group string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &group}}
}

func weighted(groups ...any) []types.Action {
	config := &types.ForwardActionConfig{}
	for i := 0; i < len(groups); i += 2 {
		config.TargetGroups = append(config.TargetGroups, types.TargetGroupTuple{
			TargetGroupArn: aws.String(groups[i].(string)), Weight: aws.Int32(int32(groups[i+1].(int))),
		})
	}
	return []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: config}}
}

func (w *world) listen(lb types.LoadBalancer, port int32, actions []types.Action) types.Listener {
	w.t.Helper()
	return must(w, w.api.CreateListener, &sdk.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancerArn, Port: &port, Protocol: types.ProtocolEnumHttp, DefaultActions: actions,
	}).Listeners[0]
}

func (w *world) secure(lb types.LoadBalancer, port int32, actions []types.Action) types.Listener {
	w.t.Helper()
	return must(w, w.api.CreateListener, &sdk.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancerArn, Port: &port, Protocol: types.ProtocolEnumHttps, DefaultActions: actions,
		Certificates: []types.Certificate{{CertificateArn: aws.String(certificate)}},
	}).Listeners[0]
}

func (w *world) register(group string, ids ...string) {
	w.t.Helper()
	must(w, w.api.RegisterTargets, &sdk.RegisterTargetsInput{TargetGroupArn: &group, Targets: each(ids, func(id string) types.TargetDescription {
		return types.TargetDescription{Id: &id}
	})})
}

func (w *world) deregister(group string, ids ...string) {
	w.t.Helper()
	must(w, w.api.DeregisterTargets, &sdk.DeregisterTargetsInput{TargetGroupArn: &group, Targets: each(ids, func(id string) types.TargetDescription {
		return types.TargetDescription{Id: &id}
	})})
}

// health is the state and reason of a target, e.g. "initial Elb.RegistrationInProgress".
func (w *world) health(group, id string) string {
	w.t.Helper()
	out := must(w, w.api.DescribeTargetHealth, &sdk.DescribeTargetHealthInput{TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &id}}})
	h := out.TargetHealthDescriptions[0].TargetHealth
	if h.Reason == "" {
		return string(h.State)
	}
	return fmt.Sprintf("%s %s", h.State, h.Reason)
}

// nodes waits until a load balancer is active and listens, and gives the addresses that its alias resolves to.
func (w *world) nodes(lb types.LoadBalancer, port int) []string {
	w.t.Helper()
	var addrs []netip.Addr
	w.until("the load balancer listens", func() bool {
		w.acct.Lock()
		_, addrs, _, _, _ = w.Alias(*lb.DNSName)
		w.acct.Unlock()
		for _, a := range addrs {
			conn, err := w.Fabric.DialContext(context.Background(), "tcp", netip.AddrPortFrom(a, uint16(port)).String())
			if err != nil {
				return false
			}
			conn.Close()
		}
		return len(addrs) > 0
	})
	return each(addrs, func(a netip.Addr) string { return netip.AddrPortFrom(a, uint16(port)).String() })
}

// untilHealth waits for the state of a target.
func (w *world) untilHealth(group, id, want string) {
	w.t.Helper()
	w.until(id+" is "+want, func() bool { return w.health(group, id) == want })
}

// until waits for a condition for at most ten minutes of the account's time.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	timeout := time.NewTimer(w.acct.Scaled(10*time.Minute) + 5*time.Second)
	defer timeout.Stop()
	tick := time.NewTicker(w.acct.Scaled(time.Second))
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout.C:
			w.t.Fatalf("not in time: %s", what)
		}
	}
}

// client makes a client with connections of its own. It ends with the test.
func (w *world) client() *http.Client {
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return w.Fabric.DialContext(ctx, network, addr)
	}}
	w.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ledger is a Recorder that keeps sums and counts by metric and dimensions.
type ledger struct{ sums, counts map[string]float64 }

func (l *ledger) Record(namespace, name string, dims map[string]string, _ time.Time, value float64) {
	if l.sums == nil {
		l.sums, l.counts = map[string]float64{}, map[string]float64{}
	}
	key := fmt.Sprint(namespace, " ", name, " ", dims)
	l.sums[key] += value
	l.counts[key]++
}

// sum of a metric with the dimensions of a load balancer, and of a target group unless that is "".
func (w *world) sum(metric string, lb types.LoadBalancer, group string) float64 {
	w.acct.Lock()
	defer w.acct.Unlock()
	dims := map[string]string{"LoadBalancer": w.dimension(*lb.LoadBalancerArn)}
	if group != "" {
		dims["TargetGroup"] = w.dimension(group)
	}
	return w.ledger.sums[fmt.Sprint("AWS/ApplicationELB ", metric, " ", dims)]
}
