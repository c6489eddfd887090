package elbv2

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// The quotas of an account, at AWS's defaults.
const (
	maxBalancers        = 50
	maxGroups           = 3000
	maxListeners        = 50  // of one load balancer
	maxRules            = 100 // of one load balancer, default rules not counted
	maxCertificates     = 25  // of one load balancer, default certificates not counted
	maxGroupsInAction   = 5
	maxGroupsOfBalancer = 100
	maxConditionValues  = 5 // of one rule
	maxWildcards        = 6 // of one rule
)

var limits = []struct {
	name string
	max  int
}{
	{"application-load-balancers", maxBalancers},
	{"target-groups", maxGroups},
	{"targets-per-application-load-balancer", maxTargets},
	{"listeners-per-application-load-balancer", maxListeners},
	{"rules-per-application-load-balancer", maxRules},
	{"certificates-per-application-load-balancer", maxCertificates},
	{"target-groups-per-action-on-application-load-balancer", maxGroupsInAction},
	{"target-groups-per-application-load-balancer", maxGroupsOfBalancer},
	{"condition-values-per-alb-rule", maxConditionValues},
	{"condition-wildcards-per-alb-rule", maxWildcards},
}

func (s *Service) describeAccountLimits(_ context.Context, in *sdk.DescribeAccountLimitsInput) (*sdk.DescribeAccountLimitsOutput, error) {
	part, next, err := page(limits, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeAccountLimitsOutput{NextMarker: next}
	for _, l := range part {
		out.Limits = append(out.Limits, types.Limit{Name: aws.String(l.name), Max: aws.String(strconv.Itoa(l.max))})
	}
	return out, nil
}
