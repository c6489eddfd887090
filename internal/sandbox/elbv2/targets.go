package elbv2

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) registerTargets(_ context.Context, in *sdk.RegisterTargetsInput) (*sdk.RegisterTargetsOutput, error) {
	g, err := s.group(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	if err := checkTargetList(in.Targets); err != nil {
		return nil, err
	}
	for _, d := range in.Targets {
		if err := s.checkTarget(g, d); err != nil {
			return nil, err
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(in.Targets), func(d types.TargetDescription) bool {
		return g.find(aws.ToString(d.Id), g.portFor(d)) != nil
	})
	if len(g.targets)+len(fresh) > maxTargets {
		return nil, wire.Errorf("TooManyTargets", "The maximum number of targets, %d, was exceeded", maxTargets)
	}
	for _, d := range in.Targets {
		s.register(g, aws.ToString(d.Id), g.portFor(d))
	}
	return &sdk.RegisterTargetsOutput{}, nil
}

func checkTargetList(list []types.TargetDescription) error {
	if len(list) == 0 {
		return wire.Errorf("ValidationError", "At least one target must be specified")
	}
	return nil
}

// checkTarget refuses what cannot be registered with g.
func (s *Service) checkTarget(g *targetGroup, d types.TargetDescription) error {
	id := aws.ToString(d.Id)
	if port := g.portFor(d); port < 1 || port > 65535 {
		return wire.Errorf("ValidationError", "Port '%d' of target '%s' must be between 1 and 65535", port, id)
	}
	if g.targetType == types.TargetTypeEnumIp {
		if addr, err := netip.ParseAddr(id); err != nil || !addr.Is4() {
			return wire.Errorf("ValidationError", "The IP address '%s' is not a valid IPv4 address", id)
		}
		return nil
	}
	if !strings.HasPrefix(id, "i-") {
		return wire.Errorf("ValidationError", "Instance ID '%s' is not valid", id)
	}
	switch _, running, ok := s.Instance(id); {
	case !ok:
		return wire.Errorf("InvalidTarget", "The following targets are not valid instances: '%s'", id)
	case !running:
		return wire.Errorf("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", id)
	}
	return nil
}

func (g *targetGroup) portFor(d types.TargetDescription) int32 {
	if d.Port != nil {
		return *d.Port
	}
	return g.port
}

// matching are the registered targets that a description means: one, or without a port all with the id.
func (g *targetGroup) matching(d types.TargetDescription) []*target {
	var found []*target
	for _, t := range g.targets {
		if t.id == aws.ToString(d.Id) && (d.Port == nil || t.port == *d.Port) {
			found = append(found, t)
		}
	}
	return found
}

func (s *Service) deregisterTargets(_ context.Context, in *sdk.DeregisterTargetsInput) (*sdk.DeregisterTargetsOutput, error) {
	g, err := s.group(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	if err := checkTargetList(in.Targets); err != nil {
		return nil, err
	}
	for _, d := range in.Targets {
		for _, t := range g.matching(d) {
			t.deregister()
		}
	}
	return &sdk.DeregisterTargetsOutput{}, nil
}

func (s *Service) describeTargetHealth(_ context.Context, in *sdk.DescribeTargetHealthInput) (*sdk.DescribeTargetHealthOutput, error) {
	g, err := s.group(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeTargetHealthOutput{}
	if len(in.Targets) == 0 {
		out.TargetHealthDescriptions = each(g.targets, (*target).describe)
		return out, nil
	}
	for _, d := range in.Targets {
		found := g.matching(d)
		for _, t := range found {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, t.describe())
		}
		if len(found) > 0 {
			continue
		}
		if _, _, ok := s.Instance(aws.ToString(d.Id)); g.targetType == types.TargetTypeEnumInstance && !ok {
			return nil, wire.Errorf("InvalidTarget", "The following targets are not valid instances: '%s'", aws.ToString(d.Id))
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, types.TargetHealthDescription{
			Target: &types.TargetDescription{Id: d.Id, Port: aws.Int32(g.portFor(d))},
			TargetHealth: &types.TargetHealth{
				State:       types.TargetHealthStateEnumUnused,
				Reason:      types.TargetHealthReasonEnumNotRegistered,
				Description: aws.String("Target is not registered to the target group"),
			},
		})
	}
	return out, nil
}

func (t *target) describe() types.TargetHealthDescription {
	out := types.TargetHealthDescription{
		HealthCheckPort: aws.String(t.group.checkPort(t)),
		Target:          &types.TargetDescription{Id: aws.String(t.id), Port: aws.Int32(t.port)},
		TargetHealth:    t.health(),
	}
	if t.group.attributes[algorithm] == "weighted_random" {
		out.AnomalyDetection = &types.AnomalyDetection{Result: types.AnomalyResultEnumNormal, MitigationInEffect: types.MitigationInEffectEnumNo}
	}
	return out
}

// health is the state as it is now: a target that stopped is out before a check finds out.
func (t *target) health() *types.TargetHealth {
	if _, running := t.addr(); !running && t.state != types.TargetHealthStateEnumDraining {
		return &types.TargetHealth{
			State: types.TargetHealthStateEnumUnused, Reason: types.TargetHealthReasonEnumInvalidState,
			Description: aws.String("Target is in the stopped state"),
		}
	}
	h := &types.TargetHealth{State: t.state, Reason: t.reason}
	if t.detail != "" {
		h.Description = aws.String(t.detail)
	}
	return h
}
