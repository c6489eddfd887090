package elbv2

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) createListener(_ context.Context, in *sdk.CreateListenerInput) (*sdk.CreateListenerOutput, error) {
	lb, err := s.balancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	want := &listener{lb: lb}
	if err := s.configure(want, listenerChange{
		port: in.Port, protocol: in.Protocol, sslPolicy: in.SslPolicy, certificates: in.Certificates,
		mutual: in.MutualAuthentication, alpn: in.AlpnPolicy, actions: in.DefaultActions,
	}); err != nil {
		return nil, err
	}
	if want.tags, err = tags(nil).with(in.Tags); err != nil {
		return nil, err
	}
	l := lb.listenerOn(want.port)
	switch {
	case l != nil && !l.sameSettings(want):
		return nil, wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", lb.arn)
	case l == nil && len(lb.listeners) >= maxListeners:
		return nil, wire.Errorf("TooManyListeners", "The maximum number of listeners for a load balancer, %d, was exceeded", maxListeners)
	case l == nil:
		l = want
		l.id = s.Account.Hex(16)
		l.arn = s.Account.ARN(service, fmt.Sprintf("listener/app/%s/%s/%s", lb.name, lb.id, l.id))
		l.attributes = l.schema().initial()
		l.defaultRule().arn = s.newRuleARN(l)
		lb.listeners = append(lb.listeners, l)
		s.changed(lb)
	}
	return &sdk.CreateListenerOutput{Listeners: []types.Listener{l.describe()}}, nil
}

// sameSettings says whether a request for want is a repetition of the one that made l.
func (l *listener) sameSettings(want *listener) bool {
	return l.protocol == want.protocol && l.sslPolicy == want.sslPolicy && l.certificate == want.certificate &&
		l.tags.same(want.tags) && reflect.DeepEqual(l.mutual, want.mutual) &&
		reflect.DeepEqual(l.defaultRule().actions, want.defaultRule().actions)
}

// listenerChange is what a request says of a listener. What is empty stays as it is.
type listenerChange struct {
	port         *int32
	protocol     types.ProtocolEnum
	sslPolicy    *string
	certificates []types.Certificate
	mutual       *types.MutualAuthenticationAttributes
	alpn         []string
	actions      []types.Action
}

// configure makes a change to l, or refuses it and leaves l as it was.
func (s *Service) configure(l *listener, c listenerChange) error {
	next := *l
	next.rules = slices.Clone(l.rules)
	if c.port != nil {
		next.port = *c.port
	}
	if next.port < 1 || next.port > 65535 {
		return wire.Errorf("ValidationError", "A listener port must be between 1 and 65535")
	}
	if c.protocol != "" {
		next.protocol = c.protocol
	}
	if next.protocol != types.ProtocolEnumHttp && next.protocol != types.ProtocolEnumHttps {
		return wire.Errorf("ValidationError", "Listener protocol '%s' must be one of 'HTTPS, HTTP'", next.protocol)
	}
	if len(c.alpn) > 0 {
		return wire.Errorf("ValidationError", "ALPN policies are for TLS listeners of network load balancers")
	}
	if err := s.configureTLS(&next, c); err != nil {
		return err
	}
	if len(c.actions) > 0 || len(next.rules) == 0 {
		r, err := s.newRule(&next, nil, c.actions, nil)
		if err != nil {
			return err
		}
		if len(next.rules) > 0 {
			old := next.defaultRule()
			r.arn, r.tags = old.arn, old.tags
			next.rules[len(next.rules)-1] = r
		} else {
			next.rules = []*rule{r}
		}
	}
	*l = next
	for _, r := range l.rules {
		r.listener = l
	}
	return nil
}

func (s *Service) configureTLS(next *listener, c listenerChange) error {
	if !next.secure() {
		if len(c.certificates) > 0 || c.sslPolicy != nil || c.mutual != nil {
			return wire.Errorf("ValidationError", "Certificates, SSL policies and mutual authentication cannot be specified for HTTP listeners")
		}
		next.certificate, next.sslPolicy, next.extra, next.mutual = "", "", nil, nil
		return nil
	}
	switch {
	case len(c.certificates) > 1:
		return wire.Errorf("ValidationError", "Exactly one default certificate must be specified")
	case len(c.certificates) == 1:
		next.certificate = aws.ToString(c.certificates[0].CertificateArn)
	case next.certificate == "":
		return wire.Errorf("ValidationError", "A certificate must be specified for HTTPS listeners")
	}
	if !s.Certificate(next.certificate) {
		return wire.Errorf("CertificateNotFound", "Certificate '%s' not found", next.certificate)
	}
	if c.sslPolicy != nil {
		next.sslPolicy = *c.sslPolicy
	} else if next.sslPolicy == "" {
		next.sslPolicy = defaultPolicy
	}
	if err := checkPolicy(next.sslPolicy); err != nil {
		return err
	}
	return configureMutual(next, c.mutual)
}

// configureMutual takes the one mode of mutual authentication that needs nothing of the data plane.
func configureMutual(next *listener, want *types.MutualAuthenticationAttributes) error {
	switch mode := aws.ToString(mutualMode(want)); mode {
	case "", "off":
	case "verify":
		return wire.Errorf("TrustStoreNotFound", "Trust store '%s' not found", aws.ToString(want.TrustStoreArn))
	default:
		return wire.Errorf("ValidationError", "Mutual authentication mode '%s' is not available in the sandbox", mode)
	}
	next.mutual = &types.MutualAuthenticationAttributes{Mode: aws.String("off")}
	return nil
}

func mutualMode(m *types.MutualAuthenticationAttributes) *string {
	if m == nil {
		return nil
	}
	return m.Mode
}
