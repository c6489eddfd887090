package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

// secureListener finds a listener that has certificates.
func (s *Service) secureListener(arn *string) (*listener, error) {
	l, err := s.listener(aws.ToString(arn))
	if err != nil {
		return nil, err
	}
	if !l.secure() {
		return nil, wire.Errorf("ValidationError", "Listener '%s' has no certificates: its protocol is %s", l.arn, l.protocol)
	}
	return l, nil
}

func (s *Service) addListenerCertificates(_ context.Context, in *sdk.AddListenerCertificatesInput) (*sdk.AddListenerCertificatesOutput, error) {
	l, err := s.secureListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if err := checkCertificateList(in.Certificates); err != nil {
		return nil, err
	}
	extra := slices.Clone(l.extra)
	for _, c := range in.Certificates {
		arn := aws.ToString(c.CertificateArn)
		if !s.Certificate(arn) {
			return nil, wire.Errorf("CertificateNotFound", "Certificate '%s' not found", arn)
		}
		if !slices.Contains(extra, arn) {
			extra = append(extra, arn)
		}
	}
	total := len(extra)
	for _, other := range l.lb.listeners {
		if other != l {
			total += len(other.extra)
		}
	}
	if total > maxCertificates {
		return nil, wire.Errorf("TooManyCertificates", "The maximum number of certificates for a load balancer, %d, was exceeded", maxCertificates)
	}
	l.extra = extra
	return &sdk.AddListenerCertificatesOutput{Certificates: each(in.Certificates, func(c types.Certificate) types.Certificate {
		return types.Certificate{CertificateArn: c.CertificateArn, IsDefault: aws.Bool(false)}
	})}, nil
}

func (s *Service) removeListenerCertificates(_ context.Context, in *sdk.RemoveListenerCertificatesInput) (*sdk.RemoveListenerCertificatesOutput, error) {
	l, err := s.secureListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if err := checkCertificateList(in.Certificates); err != nil {
		return nil, err
	}
	for _, c := range in.Certificates {
		arn := aws.ToString(c.CertificateArn)
		if arn == l.certificate && !slices.Contains(l.extra, arn) {
			return nil, wire.Errorf("OperationNotPermitted", "Default certificate '%s' of the listener cannot be removed", arn)
		}
	}
	l.extra = slices.DeleteFunc(slices.Clone(l.extra), func(arn string) bool {
		return slices.ContainsFunc(in.Certificates, func(c types.Certificate) bool { return aws.ToString(c.CertificateArn) == arn })
	})
	return &sdk.RemoveListenerCertificatesOutput{}, nil
}

func checkCertificateList(list []types.Certificate) error {
	if len(list) == 0 {
		return wire.Errorf("ValidationError", "At least one certificate must be specified")
	}
	if slices.ContainsFunc(list, func(c types.Certificate) bool { return c.IsDefault != nil }) {
		return wire.Errorf("ValidationError", "IsDefault cannot be specified")
	}
	return nil
}

func (s *Service) describeListenerCertificates(_ context.Context, in *sdk.DescribeListenerCertificatesInput) (*sdk.DescribeListenerCertificatesOutput, error) {
	l, err := s.secureListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	all := []types.Certificate{{CertificateArn: aws.String(l.certificate), IsDefault: aws.Bool(true)}}
	for _, arn := range l.extra {
		all = append(all, types.Certificate{CertificateArn: aws.String(arn), IsDefault: aws.Bool(false)})
	}
	part, next, err := page(all, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeListenerCertificatesOutput{Certificates: part, NextMarker: next}, nil
}
