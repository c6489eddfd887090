// Package lifecycle is what an instance has to say to Auto Scaling about itself: whether it is well, and whether what its
// group's lifecycle hooks wait for is done.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeAutoScalingInstances(context.Context, *autoscaling.DescribeAutoScalingInstancesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingInstancesOutput, error)
	DescribeLifecycleHooks(context.Context, *autoscaling.DescribeLifecycleHooksInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeLifecycleHooksOutput, error)
	CompleteLifecycleAction(context.Context, *autoscaling.CompleteLifecycleActionInput, ...func(*autoscaling.Options)) (*autoscaling.CompleteLifecycleActionOutput, error)
	RecordLifecycleActionHeartbeat(context.Context, *autoscaling.RecordLifecycleActionHeartbeatInput, ...func(*autoscaling.Options)) (*autoscaling.RecordLifecycleActionHeartbeatOutput, error)
	SetInstanceHealth(context.Context, *autoscaling.SetInstanceHealthInput, ...func(*autoscaling.Options)) (*autoscaling.SetInstanceHealthOutput, error)
}

// Client calls Auto Scaling.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{autoscaling.NewFromConfig(cfg)} }

// Instance is a member of a group.
type Instance struct {
	ID      string
	Group   string
	State   State
	Healthy bool
}

// State is a lifecycle state.
type State string

// The states in which hooks hold an instance, and the one in which it serves. There are more.
const (
	PendingWait     State = "Pending:Wait"
	InService       State = "InService"
	TerminatingWait State = "Terminating:Wait"
)

// Held says that a hook holds the instance: what it waits for can be completed.
func (s State) Held() bool { return strings.HasSuffix(string(s), ":Wait") }

// Describe reads an instance. One that is in no group, or has left it, is awserr.ErrNotFound.
func (c *Client) Describe(ctx context.Context, instanceID string) (Instance, error) {
	out, err := c.api.DescribeAutoScalingInstances(ctx, &autoscaling.DescribeAutoScalingInstancesInput{InstanceIds: []string{instanceID}})
	if err != nil {
		return Instance{}, failed(err, "describe Auto Scaling instance %s", instanceID)
	}
	if len(out.AutoScalingInstances) != 1 {
		return Instance{}, fmt.Errorf("describe Auto Scaling instance %s: %w", instanceID, awserr.ErrNotFound)
	}
	i := out.AutoScalingInstances[0]
	return Instance{
		ID: aws.ToString(i.InstanceId), Group: aws.ToString(i.AutoScalingGroupName), State: State(aws.ToString(i.LifecycleState)),
		Healthy: strings.EqualFold(aws.ToString(i.HealthStatus), string(Healthy)), // this call writes it in capitals
	}, nil
}

// Hook holds instances of a group on their way in or out.
type Hook struct {
	Name        string
	Transition  Transition
	Heartbeat   time.Duration // for how long it holds an instance that does not say anything
	GlobalLimit time.Duration // for how long it holds an instance at most, however many heartbeats come
	Default     Result        // what becomes of an instance that did not say anything
}

// Transition is when a hook holds an instance.
type Transition string

// The transitions.
const (
	Launching   Transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
	Terminating Transition = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// Result is what is to become of an instance that is held.
type Result string

// The results.
const (
	Continue Result = "CONTINUE"
	Abandon  Result = "ABANDON" // ends a launching instance, and all other hooks of a terminating one
)

// Hooks reads the hooks of a group.
func (c *Client) Hooks(ctx context.Context, group string) ([]Hook, error) {
	out, err := c.api.DescribeLifecycleHooks(ctx, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: &group})
	if err != nil {
		return nil, failed(err, "list the lifecycle hooks of Auto Scaling group %s", group)
	}
	var hooks []Hook
	for _, h := range out.LifecycleHooks {
		hooks = append(hooks, fromSDK(h))
	}
	return hooks, nil
}

func fromSDK(h types.LifecycleHook) Hook {
	seconds := func(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }
	return Hook{
		Name: aws.ToString(h.LifecycleHookName), Transition: Transition(aws.ToString(h.LifecycleTransition)),
		Heartbeat: seconds(h.HeartbeatTimeout), GlobalLimit: seconds(h.GlobalTimeout), Default: Result(aws.ToString(h.DefaultResult)),
	}
}

// Action is one hook that holds one instance.
type Action struct{ Group, Hook, InstanceID string }

// Complete says what is to become of an instance. It was not held when the hook does not hold it, be it not yet, or no more
// because it was completed already, even by an earlier attempt at this call whose answer was lost: its state tells which.
func (c *Client) Complete(ctx context.Context, a Action, result Result) (held bool, err error) {
	_, err = c.api.CompleteLifecycleAction(ctx, &autoscaling.CompleteLifecycleActionInput{
		AutoScalingGroupName: &a.Group, LifecycleHookName: &a.Hook, InstanceId: &a.InstanceID, LifecycleActionResult: aws.String(string(result)),
	})
	return answered(err, "complete lifecycle hook %s of %s with %s", a.Hook, a.InstanceID, result)
}

// Heartbeat has a hook hold an instance for another Hook.Heartbeat from now on. It was not held when the hook does not hold it.
func (c *Client) Heartbeat(ctx context.Context, a Action) (held bool, err error) {
	_, err = c.api.RecordLifecycleActionHeartbeat(ctx, &autoscaling.RecordLifecycleActionHeartbeatInput{
		AutoScalingGroupName: &a.Group, LifecycleHookName: &a.Hook, InstanceId: &a.InstanceID,
	})
	return answered(err, "prolong lifecycle hook %s of %s", a.Hook, a.InstanceID)
}

// invalid is Auto Scaling's code for everything that it refuses; only the text tells what it is.
const invalid = "ValidationError"

func answered(err error, format string, args ...any) (held bool, _ error) {
	if awserr.Code(err) == invalid && strings.Contains(err.Error(), "No active Lifecycle Action found") {
		return false, nil
	}
	return err == nil, failed(err, format, args...)
}

func failed(err error, format string, args ...any) error {
	err = awserr.Wrap(err, format, args...)
	var e *awserr.Error
	if errors.As(err, &e) && e.Code == invalid && strings.Contains(strings.ToLower(e.Error()), "not found") {
		e.Kind = awserr.ErrNotFound
	}
	return err
}

// Health is what Auto Scaling thinks of an instance.
type Health string

// The healths.
const (
	Healthy   Health = "Healthy"
	Unhealthy Health = "Unhealthy" // to be replaced
)

// SetHealth says how an instance is. The group's health check grace period is not waited for: within it, Auto Scaling would take
// the call for done and forget it.
func (c *Client) SetHealth(ctx context.Context, instanceID string, h Health) error {
	_, err := c.api.SetInstanceHealth(ctx, &autoscaling.SetInstanceHealthInput{
		InstanceId: &instanceID, HealthStatus: aws.String(string(h)), ShouldRespectGracePeriod: aws.Bool(false),
	})
	return failed(err, "set the health of instance %s to %s", instanceID, h)
}
