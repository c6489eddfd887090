package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) describeListeners(_ context.Context, in *sdk.DescribeListenersInput) (*sdk.DescribeListenersOutput, error) {
	chosen, err := s.chosenListeners(in.LoadBalancerArn, in.ListenerArns)
	if err != nil {
		return nil, err
	}
	part, next, err := page(chosen, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeListenersOutput{Listeners: each(part, (*listener).describe), NextMarker: next}, nil
}

func (s *Service) chosenListeners(balancer *string, arns []string) ([]*listener, error) {
	if (balancer == nil) == (len(arns) == 0) {
		return nil, wire.Errorf("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
	}
	if balancer != nil {
		lb, err := s.balancer(*balancer)
		if err != nil {
			return nil, err
		}
		return lb.listeners, nil
	}
	var chosen []*listener
	for _, arn := range arns {
		l, err := s.listener(arn)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, l)
	}
	return chosen, nil
}

func (s *Service) modifyListener(_ context.Context, in *sdk.ModifyListenerInput) (*sdk.ModifyListenerOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	if other := l.lb.listenerOn(aws.ToInt32(in.Port)); other != nil && other != l {
		return nil, wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", l.lb.arn)
	}
	if err := s.configure(l, listenerChange{
		port: in.Port, protocol: in.Protocol, sslPolicy: in.SslPolicy, certificates: in.Certificates,
		mutual: in.MutualAuthentication, alpn: in.AlpnPolicy, actions: in.DefaultActions,
	}); err != nil {
		return nil, err
	}
	for _, at := range l.schema() { // the protocol may have brought new ones
		if _, ok := l.attributes[at.key]; !ok {
			l.attributes[at.key] = at.initial
		}
	}
	s.changed(l.lb)
	return &sdk.ModifyListenerOutput{Listeners: []types.Listener{l.describe()}}, nil
}

func (s *Service) deleteListener(_ context.Context, in *sdk.DeleteListenerInput) (*sdk.DeleteListenerOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	l.lb.listeners = slices.DeleteFunc(slices.Clone(l.lb.listeners), func(other *listener) bool { return other == l })
	s.changed(l.lb)
	return &sdk.DeleteListenerOutput{}, nil
}
