package autoscaling

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/wire"
)

// The transitions that a hook can hold.
const (
	launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// What can become of an action that a hook holds.
const (
	resultContinue = "CONTINUE"
	resultAbandon  = "ABANDON"
)

const (
	maxHooks         = 50
	maxGlobalTimeout = 172800 // seconds
)

// putHook adds a hook, or changes what is given of one that is there.
func (g *group) putHook(h types.LifecycleHook) error {
	name := aws.ToString(h.LifecycleHookName)
	i := slices.IndexFunc(g.hooks, func(other types.LifecycleHook) bool { return *other.LifecycleHookName == name })
	if i >= 0 {
		given := h
		h = g.hooks[i]
		adopt(&h, &given)
	}
	h.AutoScalingGroupName = g.AutoScalingGroupName
	if h.DefaultResult == nil {
		h.DefaultResult = aws.String(resultAbandon)
	}
	if h.HeartbeatTimeout == nil {
		h.HeartbeatTimeout = aws.Int32(3600)
	}
	if err := checkHook(h); err != nil {
		return err
	}
	h.GlobalTimeout = aws.Int32(min(maxGlobalTimeout, 100**h.HeartbeatTimeout))
	hooks := slices.Clone(g.hooks)
	if i >= 0 {
		hooks[i] = h
	} else {
		hooks = append(hooks, h)
	}
	if len(hooks) > maxHooks {
		return wire.Errorf("LimitExceeded", "Lifecycle hook limit of %d exceeded", maxHooks)
	}
	g.hooks = hooks
	return nil
}

func checkHook(h types.LifecycleHook) error {
	transition, result := aws.ToString(h.LifecycleTransition), *h.DefaultResult
	switch {
	case aws.ToString(h.LifecycleHookName) == "":
		return invalid("LifecycleHookName is required")
	case transition != launching && transition != terminating:
		return invalid("Lifecycle transition '%s' is not one of [%s, %s]", transition, launching, terminating)
	case result != resultContinue && result != resultAbandon:
		return invalid("Lifecycle hook default result '%s' is not one of [%s, %s]", result, resultContinue, resultAbandon)
	case *h.HeartbeatTimeout < 30 || *h.HeartbeatTimeout > 7200:
		return invalid("Heartbeat timeout must be between 30 and 7200 seconds: %d", *h.HeartbeatTimeout)
	}
	return nil
}

func (s *Service) putLifecycleHook(_ context.Context, in *sdk.PutLifecycleHookInput) (*sdk.PutLifecycleHookOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &sdk.PutLifecycleHookOutput{}, g.putHook(adopted[types.LifecycleHook](in))
}

func (s *Service) describeLifecycleHooks(_ context.Context, in *sdk.DescribeLifecycleHooksInput) (*sdk.DescribeLifecycleHooksOutput, error) {
	g, err := s.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeLifecycleHooksOutput{}
	for _, h := range g.hooks {
		if len(in.LifecycleHookNames) == 0 || slices.Contains(in.LifecycleHookNames, *h.LifecycleHookName) {
			out.LifecycleHooks = append(out.LifecycleHooks, h)
		}
	}
	return out, nil
}

// deleteLifecycleHook ends what the hook holds first: launches are abandoned, terminations go on.
func (s *Service) deleteLifecycleHook(_ context.Context, in *sdk.DeleteLifecycleHookInput) (*sdk.DeleteLifecycleHookOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	h, err := g.hook(in.LifecycleHookName)
	if err != nil {
		return nil, err
	}
	for _, m := range slices.Clone(g.members) {
		result := resultContinue
		if m.LifecycleState == types.LifecycleStatePendingWait {
			result = resultAbandon
		}
		if a := m.heldBy(*h.LifecycleHookName); a != nil {
			s.complete(m, a, result, "the lifecycle hook was deleted")
		}
	}
	g.hooks = slices.DeleteFunc(slices.Clone(g.hooks), func(other types.LifecycleHook) bool {
		return *other.LifecycleHookName == *h.LifecycleHookName
	})
	return &sdk.DeleteLifecycleHookOutput{}, nil
}

func (g *group) hook(name *string) (types.LifecycleHook, error) {
	for _, h := range g.hooks {
		if *h.LifecycleHookName == aws.ToString(name) {
			return h, nil
		}
	}
	return types.LifecycleHook{}, invalid("Lifecycle Hook not found: No lifecycle hook %s in group %s", aws.ToString(name), g.name())
}
