package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) createRule(_ context.Context, in *sdk.CreateRuleInput) (*sdk.CreateRuleOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	priority := aws.ToInt32(in.Priority)
	if err := checkPriority(priority); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(l.rules, func(r *rule) bool { return r.priority == priority }) {
		return nil, wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", priority)
	}
	if len(in.Conditions) == 0 {
		return nil, wire.Errorf("ValidationError", "A rule must have at least one condition")
	}
	total := 0
	for _, other := range l.lb.listeners {
		total += len(other.rules) - 1
	}
	if total >= maxRules {
		return nil, wire.Errorf("TooManyRules", "The maximum number of rules for a load balancer, %d, was exceeded", maxRules)
	}
	r, err := s.newRule(l, in.Conditions, in.Actions, in.Transforms)
	if err != nil {
		return nil, err
	}
	if r.tags, err = tags(nil).with(in.Tags); err != nil {
		return nil, err
	}
	r.priority, r.arn = priority, s.newRuleARN(l)
	l.rules = append(slices.Clone(l.rules), r)
	l.sortRules()
	s.changed(l.lb)
	return &sdk.CreateRuleOutput{Rules: []types.Rule{r.describe()}}, nil
}

func (s *Service) describeRules(_ context.Context, in *sdk.DescribeRulesInput) (*sdk.DescribeRulesOutput, error) {
	chosen, err := s.chosenRules(in.ListenerArn, in.RuleArns)
	if err != nil {
		return nil, err
	}
	part, next, err := page(chosen, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeRulesOutput{Rules: each(part, (*rule).describe), NextMarker: next}, nil
}

func (s *Service) chosenRules(listener *string, arns []string) ([]*rule, error) {
	if (listener == nil) == (len(arns) == 0) {
		return nil, wire.Errorf("ValidationError", "You must specify either rule ARNs or a listener ARN")
	}
	if listener != nil {
		l, err := s.listener(*listener)
		if err != nil {
			return nil, err
		}
		return l.rules, nil
	}
	var chosen []*rule
	for _, arn := range arns {
		r, err := s.rule(arn)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, r)
	}
	return chosen, nil
}

func (s *Service) modifyRule(_ context.Context, in *sdk.ModifyRuleInput) (*sdk.ModifyRuleOutput, error) {
	r, err := s.rule(aws.ToString(in.RuleArn))
	if err != nil {
		return nil, err
	}
	if r.isDefault() {
		return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified", r.arn)
	}
	next := *r
	if len(in.Conditions) > 0 {
		if next.conditions, next.compiled.Conditions, err = compileConditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if len(in.Actions) > 0 {
		if next.actions, next.compiled.Action, err = s.compileActions(r.listener, in.Actions); err != nil {
			return nil, err
		}
	}
	if len(in.Transforms) > 0 || aws.ToBool(in.ResetTransforms) {
		if next.transforms, next.compiled.Rewrites, err = compileTransforms(in.Transforms); err != nil {
			return nil, err
		}
	}
	*r = next
	s.changed(r.listener.lb)
	return &sdk.ModifyRuleOutput{Rules: []types.Rule{r.describe()}}, nil
}

func (s *Service) deleteRule(_ context.Context, in *sdk.DeleteRuleInput) (*sdk.DeleteRuleOutput, error) {
	r, err := s.rule(aws.ToString(in.RuleArn))
	if err != nil {
		return nil, err
	}
	if r.isDefault() {
		return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", r.arn)
	}
	l := r.listener
	l.rules = slices.DeleteFunc(slices.Clone(l.rules), func(other *rule) bool { return other == r })
	s.changed(l.lb)
	return &sdk.DeleteRuleOutput{}, nil
}

func (s *Service) setRulePriorities(_ context.Context, in *sdk.SetRulePrioritiesInput) (*sdk.SetRulePrioritiesOutput, error) {
	if len(in.RulePriorities) == 0 {
		return nil, wire.Errorf("ValidationError", "At least one rule priority must be specified")
	}
	wanted := map[*rule]int32{}
	var order []*rule
	for _, p := range in.RulePriorities {
		r, err := s.rule(aws.ToString(p.RuleArn))
		if err != nil {
			return nil, err
		}
		if r.isDefault() {
			return nil, wire.Errorf("OperationNotPermitted", "The priority of default rule '%s' cannot be set", r.arn)
		}
		if err := checkPriority(aws.ToInt32(p.Priority)); err != nil {
			return nil, err
		}
		if _, twice := wanted[r]; twice || len(order) > 0 && r.listener != order[0].listener {
			return nil, wire.Errorf("ValidationError", "Each rule must be specified once, and all must belong to the same listener")
		}
		wanted[r] = aws.ToInt32(p.Priority)
		order = append(order, r)
	}
	l := order[0].listener
	taken := map[int32]bool{}
	for _, r := range l.rules {
		p, moved := wanted[r]
		if !moved {
			p = r.priority
		}
		if taken[p] {
			return nil, wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", p)
		}
		taken[p] = true
	}
	for r, p := range wanted {
		r.priority = p
	}
	l.rules = slices.Clone(l.rules)
	l.sortRules()
	s.changed(l.lb)
	return &sdk.SetRulePrioritiesOutput{Rules: each(order, (*rule).describe)}, nil
}
