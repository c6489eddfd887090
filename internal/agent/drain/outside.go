package drain

import (
	"context"
	"strings"
	"time"

	"bluegreen/internal/aws/imds"
	"bluegreen/internal/aws/lifecycle"
)

// Metadata is what the instance's metadata service knows of its end: methods of imds.Client. One that is nil never has news.
type Metadata struct {
	Target    func(context.Context) (imds.Target, error)
	Spot      func(context.Context) (imds.Interruption, bool, error)
	Rebalance func(context.Context) (time.Time, bool, error)
}

// Group is what a member of an Auto Scaling group needs of it: methods of lifecycle.Client.
type Group struct {
	Describe  func(ctx context.Context, instanceID string) (lifecycle.Instance, error)
	Hooks     func(ctx context.Context, group string) ([]lifecycle.Hook, error)
	Complete  func(context.Context, lifecycle.Action, lifecycle.Result) (held bool, err error)
	Heartbeat func(context.Context, lifecycle.Action) (held bool, err error)
}

// The IAM actions that the calls of Group need.
const (
	describeInstances = "autoscaling:DescribeAutoScalingInstances"
	describeHooks     = "autoscaling:DescribeLifecycleHooks"
	completeAction    = "autoscaling:CompleteLifecycleAction"
	recordHeartbeat   = "autoscaling:RecordLifecycleActionHeartbeat"
)

// plain is a lifecycle state without the difference between a group and its warm pool.
func plain(s lifecycle.State) lifecycle.State {
	return lifecycle.State(strings.TrimPrefix(string(s), "Warmed:"))
}

// arriving tells whether the group is going to let the instance into service, and has not yet.
func arriving(s lifecycle.State) bool {
	return strings.HasPrefix(string(plain(s)), "Pending") && plain(s) != "Pending:Retained"
}

// resting tells whether the group keeps an instance for later.
func resting(s lifecycle.State) bool {
	return s == "Standby" || s == "EnteringStandby" || strings.HasPrefix(string(s), "Warmed:") && !arriving(s)
}

// leaving tells whether the group is taking the instance out of service.
func leaving(s lifecycle.State) bool { return strings.HasPrefix(string(plain(s)), "Terminat") }

// launchHeld and endHeld tell whether launch or termination hooks may hold the instance.
func launchHeld(s lifecycle.State) bool { return plain(s) == lifecycle.PendingWait }
func endHeld(s lifecycle.State) bool    { return plain(s) == lifecycle.TerminatingWait }

// released tells whether the group has taken the instance out and waits for nothing more. An instance that is retained is kept
// for somebody to look at.
func released(s lifecycle.State) bool {
	return plain(s) == "Terminating:Proceed" || plain(s) == "Terminated"
}
