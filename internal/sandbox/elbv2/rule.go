package elbv2

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

const maxPriority = 50000

// rule of a listener. Its actions, conditions and transforms are replaced as a whole, never changed in place.
type rule struct {
	listener   *listener
	arn        string
	priority   int32 // 0 for the default rule
	conditions []types.RuleCondition
	actions    []types.Action
	transforms []types.RuleTransform
	tags       tags

	compiled proxy.Rule
}

// newRule checks and compiles a rule for l. It does not join it to l.
func (s *Service) newRule(l *listener, conditions []types.RuleCondition, actions []types.Action, transforms []types.RuleTransform) (*rule, error) {
	r := &rule{listener: l}
	var err error
	if r.actions, r.compiled.Action, err = s.compileActions(l, actions); err != nil {
		return nil, err
	}
	if r.conditions, r.compiled.Conditions, err = compileConditions(conditions); err != nil {
		return nil, err
	}
	if r.transforms, r.compiled.Rewrites, err = compileTransforms(transforms); err != nil {
		return nil, err
	}
	return r, nil
}

func (s *Service) newRuleARN(l *listener) string {
	return s.Account.ARN(service, fmt.Sprintf("listener-rule/app/%s/%s/%s/%s", l.lb.name, l.lb.id, l.id, s.Account.Hex(16)))
}

// rule finds a rule by its ARN.
func (s *Service) rule(arn string) (*rule, error) {
	if err := s.checkARN(ruleKind, arn); err != nil {
		return nil, err
	}
	for _, lb := range s.balancers {
		for _, l := range lb.listeners {
			for _, r := range l.rules {
				if r.arn == arn {
					return r, nil
				}
			}
		}
	}
	return nil, s.missing(ruleKind, arn)
}

func (r *rule) isDefault() bool { return r.priority == 0 }

func (r *rule) describe() types.Rule {
	priority := "default"
	if !r.isDefault() {
		priority = strconv.Itoa(int(r.priority))
	}
	return types.Rule{
		Actions:    r.actions,
		Conditions: r.conditions,
		IsDefault:  aws.Bool(r.isDefault()),
		Priority:   aws.String(priority),
		RuleArn:    aws.String(r.arn),
		Transforms: r.transforms,
	}
}

// sortRules brings the rules into the order in which they are tried.
func (l *listener) sortRules() {
	slices.SortStableFunc(l.rules, func(a, b *rule) int { return cmp.Compare(a.order(), b.order()) })
}

func (r *rule) order() int32 {
	if r.isDefault() {
		return maxPriority + 1
	}
	return r.priority
}

func checkPriority(p int32) error {
	if p < 1 || p > maxPriority {
		return wire.Errorf("ValidationError", "Priority '%d' must be between 1 and %d", p, maxPriority)
	}
	return nil
}

// groupsOf are the ARNs of the target groups that actions forward to.
func groupsOf(actions []types.Action) []string {
	var arns []string
	for _, a := range actions {
		if a.ForwardConfig != nil {
			for _, t := range a.ForwardConfig.TargetGroups {
				arns = append(arns, aws.ToString(t.TargetGroupArn))
			}
		}
	}
	return arns
}

// quoted joins words for a message.
func quoted(words []string) string { return "'" + strings.Join(words, "', '") + "'" }
