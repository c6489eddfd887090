package elbv2

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

const maxWeight = 999

// compileActions checks the actions of a rule of l, fills in what AWS fills in, and says what the data plane is to do.
func (s *Service) compileActions(l *listener, actions []types.Action) ([]types.Action, proxy.Action, error) {
	var none proxy.Action
	switch {
	case len(actions) == 0:
		return nil, none, wire.Errorf("ValidationError", "At least one action must be specified")
	case len(actions) > 1:
		return nil, none, refuseActions(actions)
	}
	a := actions[0]
	switch a.Type {
	case types.ActionTypeEnumForward:
		config, groups, err := s.compileForward(l, a)
		if err != nil {
			return nil, none, err
		}
		forward := types.Action{Type: a.Type, Order: a.Order, ForwardConfig: config}
		if len(config.TargetGroups) == 1 {
			forward.TargetGroupArn = config.TargetGroups[0].TargetGroupArn
		}
		return []types.Action{forward}, proxy.Action{Forward: groups}, nil
	case types.ActionTypeEnumRedirect:
		config, redirect, err := compileRedirect(l, a.RedirectConfig)
		if err != nil {
			return nil, none, err
		}
		return []types.Action{{Type: a.Type, Order: a.Order, RedirectConfig: config}}, proxy.Action{Redirect: redirect}, nil
	case types.ActionTypeEnumFixedResponse:
		fixed, err := compileFixed(a.FixedResponseConfig)
		if err != nil {
			return nil, none, err
		}
		return []types.Action{{Type: a.Type, Order: a.Order, FixedResponseConfig: a.FixedResponseConfig}}, proxy.Action{Fixed: fixed}, nil
	}
	return nil, none, refuseActions(actions)
}

// refuseActions says why a list of actions cannot be a rule's.
func refuseActions(actions []types.Action) error {
	for _, a := range actions {
		if !slices.Contains(a.Type.Values(), a.Type) {
			return wire.Errorf("ValidationError", "'%s' is not a valid action type", a.Type)
		}
		switch a.Type {
		case types.ActionTypeEnumAuthenticateOidc, types.ActionTypeEnumAuthenticateCognito, types.ActionTypeEnumJwtValidation:
			return wire.Errorf("InvalidConfigurationRequest", "Actions of type '%s' are not available in the sandbox", a.Type)
		}
	}
	return wire.Errorf("TooManyActions", "A rule must have exactly one action of type 'forward', 'redirect' or 'fixed-response'")
}

// compileForward accepts the short form (one ARN), the long form (groups with weights), and both when they agree.
func (s *Service) compileForward(l *listener, a types.Action) (*types.ForwardActionConfig, []proxy.WeightedGroup, error) {
	config := &types.ForwardActionConfig{TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(false)}}
	if a.ForwardConfig != nil {
		config.TargetGroups = slices.Clone(a.ForwardConfig.TargetGroups)
		if sticky := a.ForwardConfig.TargetGroupStickinessConfig; sticky != nil {
			config.TargetGroupStickinessConfig = sticky
		}
	}
	switch short := aws.ToString(a.TargetGroupArn); {
	case short == "" && len(config.TargetGroups) == 0:
		return nil, nil, wire.Errorf("ValidationError", "A target group ARN must be specified for an action of type 'forward'")
	case short != "" && len(config.TargetGroups) == 0:
		config.TargetGroups = []types.TargetGroupTuple{{TargetGroupArn: aws.String(short)}}
	case short != "" && (len(config.TargetGroups) > 1 || aws.ToString(config.TargetGroups[0].TargetGroupArn) != short):
		return nil, nil, wire.Errorf("ValidationError", "If both a target group ARN and a forward config are specified, the config can name only that target group")
	}
	if len(config.TargetGroups) > maxGroupsInAction {
		return nil, nil, wire.Errorf("ValidationError", "An action can forward to at most %d target groups", maxGroupsInAction)
	}
	if err := checkStickiness(config.TargetGroupStickinessConfig); err != nil {
		return nil, nil, err
	}
	var groups []proxy.WeightedGroup
	for i := range config.TargetGroups {
		t := &config.TargetGroups[i]
		if t.Weight == nil {
			t.Weight = aws.Int32(1)
		}
		g, err := s.forwardable(l.lb, t)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(groups, func(other proxy.WeightedGroup) bool { return other.ID == g.arn }) {
			return nil, nil, wire.Errorf("ValidationError", "Target group '%s' was specified more than once in an action", g.arn)
		}
		groups = append(groups, proxy.WeightedGroup{ID: g.arn, Weight: int(*t.Weight)})
	}
	return config, groups, nil
}

func checkStickiness(c *types.TargetGroupStickinessConfig) error {
	if !aws.ToBool(c.Enabled) {
		return nil
	}
	if d := aws.ToInt32(c.DurationSeconds); d < 1 || d > week {
		return wire.Errorf("ValidationError", "Target group stickiness duration must be between 1 and %d seconds", week)
	}
	return nil
}

// forwardable finds the target group of a tuple and holds it against what a load balancer can forward to.
func (s *Service) forwardable(lb *loadBalancer, t *types.TargetGroupTuple) (*targetGroup, error) {
	if w := *t.Weight; w < 0 || w > maxWeight {
		return nil, wire.Errorf("ValidationError", "Weight '%d' must be between 0 and %d", w, maxWeight)
	}
	g, err := s.group(aws.ToString(t.TargetGroupArn))
	switch {
	case err != nil:
		return nil, err
	case !g.http():
		return nil, wire.Errorf("IncompatibleProtocols", "The protocol %s of target group '%s' cannot be used with an application load balancer", g.protocol, g.arn)
	case g.vpc != lb.vpc:
		return nil, wire.Errorf("InvalidConfigurationRequest", "The following target groups are not in the VPC of the load balancer: %s", g.arn)
	case g.lb != nil && g.lb != lb:
		return nil, wire.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", g.arn)
	case g.lb == nil && s.groupsOn(lb) >= maxGroupsOfBalancer:
		return nil, wire.Errorf("TooManyUniqueTargetGroupsPerLoadBalancer", "The maximum number of target groups for a load balancer, %d, was exceeded", maxGroupsOfBalancer)
	}
	return g, nil
}

func (s *Service) groupsOn(lb *loadBalancer) int {
	n := 0
	for _, g := range s.groups {
		if g.lb == lb {
			n++
		}
	}
	return n
}
