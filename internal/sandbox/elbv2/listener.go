package elbv2

import (
	"crypto/tls"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

// listener is one port of a load balancer.
type listener struct {
	lb          *loadBalancer
	arn, id     string
	port        int32
	protocol    types.ProtocolEnum
	sslPolicy   string                                // HTTPS only
	certificate string                                // the default one; HTTPS only
	extra       []string                              // further certificates
	mutual      *types.MutualAuthenticationAttributes // HTTPS only
	attributes  attributes
	rules       []*rule // by priority; the default rule is the last
	tags        tags

	serving *proxy.Listener
}

// listener finds a listener by its ARN.
func (s *Service) listener(arn string) (*listener, error) {
	if err := s.checkARN(listenerKind, arn); err != nil {
		return nil, err
	}
	for _, lb := range s.balancers {
		for _, l := range lb.listeners {
			if l.arn == arn {
				return l, nil
			}
		}
	}
	return nil, s.missing(listenerKind, arn)
}

func (lb *loadBalancer) listenerOn(port int32) *listener {
	if i := slices.IndexFunc(lb.listeners, func(l *listener) bool { return l.port == port }); i >= 0 {
		return lb.listeners[i]
	}
	return nil
}

func (l *listener) secure() bool { return l.protocol == types.ProtocolEnumHttps }

func (l *listener) defaultRule() *rule { return l.rules[len(l.rules)-1] }

func (l *listener) describe() types.Listener {
	out := types.Listener{
		DefaultActions:  l.defaultRule().actions,
		ListenerArn:     aws.String(l.arn),
		LoadBalancerArn: aws.String(l.lb.arn),
		Port:            aws.Int32(l.port),
		Protocol:        l.protocol,
	}
	if l.secure() {
		out.SslPolicy = aws.String(l.sslPolicy)
		out.Certificates = []types.Certificate{{CertificateArn: aws.String(l.certificate)}}
		out.MutualAuthentication = l.mutual
	}
	return out
}

// front is what the data plane does for l.
func (l *listener) front(s *Service) proxy.Settings {
	attribute := func(key string) time.Duration { return time.Duration(l.lb.attributes.number(key)) * time.Second }
	settings := proxy.Settings{
		KeepAlive:       s.Account.Scaled(attribute(keepAlive)),
		IdleTimeout:     s.Account.Scaled(attribute(idleTimeout)),
		TargetTimeout:   s.workLimit(attribute(idleTimeout)),
		ConnectTimeout:  s.workLimit(connectTimeout),
		ForwardedFor:    proxy.ForwardedFor(l.lb.attributes[forwardedForMode]),
		ClientPort:      l.lb.attributes.on(forwardedForPort),
		MinTLS:          tls.VersionTLS12,
		HideServer:      !l.attributes.on(showServer),
		ResponseHeaders: l.addedHeaders(),
	}
	if strings.HasPrefix(l.sslPolicy, "ELBSecurityPolicy-TLS13-1-3-") {
		settings.MinTLS = tls.VersionTLS13
	}
	for _, r := range l.rules {
		settings.Rules = append(settings.Rules, r.compiled)
	}
	return settings
}

// connectTimeout is how long a load balancer tries to connect to a target.
const connectTimeout = 10 * time.Second

// shortest is the least that a limit on somebody's work is scaled down to: this machine's own work, such as to connect and
// to answer, takes the same time at any speed of the account, and more on a machine that has much to do.
const shortest = 2 * time.Second

// workLimit is d of the account's time as a limit on work of this machine.
func (s *Service) workLimit(d time.Duration) time.Duration {
	return max(s.Account.Scaled(d), min(d, shortest))
}

// defaultPolicy is the security policy of HTTPS listeners that name none.
const defaultPolicy = "ELBSecurityPolicy-2016-08"

var policyFamilies = []string{
	"ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-2015-05", "ELBSecurityPolicy-TLS-1-0-2015-04",
	"ELBSecurityPolicy-TLS-1-1-2017-01", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
	"ELBSecurityPolicy-FS-2018-06", "ELBSecurityPolicy-FS-1-1-2019-08", "ELBSecurityPolicy-FS-1-2-2019-08",
	"ELBSecurityPolicy-FS-1-2-Res-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2020-10",
	"ELBSecurityPolicy-TLS13-1-0-", "ELBSecurityPolicy-TLS13-1-1-", "ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-",
}

func checkPolicy(name string) error {
	for _, p := range policyFamilies {
		if name == p || strings.HasSuffix(p, "-") && strings.HasPrefix(name, p) {
			return nil
		}
	}
	return wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", name)
}
