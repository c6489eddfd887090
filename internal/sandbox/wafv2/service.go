// Package wafv2 is the sandbox's WAF: web ACLs and the load balancers that they protect, as a list. Nothing is filtered.
package wafv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// Service is WAF in one account. The account must be locked around its operations and methods.
type Service struct {
	acct *account.Account
	// balancer says whether a load balancer of that ARN stands.
	balancer  func(arn string) bool
	acls      map[string]types.WebACL // by ARN
	protected map[string]string       // ARN of the web ACL by that of the load balancer
}

// New makes a WAF without web ACLs. Balancer says whether a load balancer of that ARN stands.
func New(acct *account.Account, balancer func(arn string) bool) *Service {
	return &Service{acct: acct, balancer: balancer, acls: map[string]types.WebACL{}, protected: map[string]string{}}
}

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "wafv2",
		Version:     "2019-07-29",
		Target:      "AWSWAF_20190729",
		Protocols:   []wire.Protocol{wire.JSON},
		Operations: []wire.Operation{
			wire.Op("AssociateWebACL", s.associateWebACL),
			wire.Op("DisassociateWebACL", s.disassociateWebACL),
			wire.Op("GetWebACLForResource", s.getWebACLForResource),
		},
	}
}

// AddWebACL makes a web ACL that lets everything through, and returns its ARN.
func (s *Service) AddWebACL(name string) string {
	id := s.acct.Hex(32)
	arn := s.acct.ARN("wafv2", "regional/webacl/"+name+"/"+id)
	s.acls[arn] = types.WebACL{
		ARN: aws.String(arn), Id: aws.String(id), Name: aws.String(name),
		DefaultAction: &types.DefaultAction{Allow: &types.AllowAction{}},
		VisibilityConfig: &types.VisibilityConfig{
			CloudWatchMetricsEnabled: true, SampledRequestsEnabled: true, MetricName: aws.String(name),
		},
	}
	return arn
}

// resource is the ARN of a load balancer that stands.
func (s *Service) resource(arn *string) (string, error) {
	if aws.ToString(arn) == "" {
		return "", wire.Errorf("WAFInvalidParameterException", "Error reason: The ARN isn't valid, field: RESOURCE_ARN, parameter: ")
	}
	if !s.balancer(*arn) {
		return "", nonexistent()
	}
	return *arn, nil
}

func nonexistent() error {
	return wire.Errorf("WAFNonexistentItemException", "AWS WAF couldn’t perform the operation because your resource doesn’t exist.")
}

func (s *Service) associateWebACL(_ context.Context, in *sdk.AssociateWebACLInput) (*sdk.AssociateWebACLOutput, error) {
	arn, err := s.resource(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	acl := aws.ToString(in.WebACLArn)
	if _, stands := s.acls[acl]; !stands {
		return nil, nonexistent()
	}
	s.protected[arn] = acl
	return &sdk.AssociateWebACLOutput{}, nil
}

func (s *Service) disassociateWebACL(_ context.Context, in *sdk.DisassociateWebACLInput) (*sdk.DisassociateWebACLOutput, error) {
	arn, err := s.resource(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	delete(s.protected, arn)
	return &sdk.DisassociateWebACLOutput{}, nil
}

func (s *Service) getWebACLForResource(_ context.Context, in *sdk.GetWebACLForResourceInput) (*sdk.GetWebACLForResourceOutput, error) {
	arn, err := s.resource(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	acl, has := s.acls[s.protected[arn]]
	if !has {
		return &sdk.GetWebACLForResourceOutput{}, nil
	}
	return &sdk.GetWebACLForResourceOutput{WebACL: &acl}, nil
}
