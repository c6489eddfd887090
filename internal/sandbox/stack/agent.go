package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/app"
)

// AgentPort is where the agent answers for the health of the app, in accounts with Spec.Program.
const AgentPort = 9180

// What an image tells the process in it, as variables.
const (
	VersionVariable  = "SANDBOX_VERSION"
	BehaviorVariable = "SANDBOX_BEHAVIOR"
	SpeedVariable    = "SANDBOX_SPEED"
)

// containers puts an image of each version into the registry.
func (b *builder) containers(ctx context.Context) error {
	if b.spec.Program == nil {
		return nil
	}
	p, err := newPusher(ctx, b.sb, b.spec.App)
	if err != nil {
		return err
	}
	for _, version := range Versions {
		reference, err := p.push(ctx, version, b.spec.Program, map[string]string{
			VersionVariable: version, BehaviorVariable: b.behavior(version), SpeedVariable: fmt.Sprint(b.speed()),
		})
		if err != nil {
			return err
		}
		b.made.Containers[version] = reference
	}
	return nil
}

func (b *builder) behavior(version string) string {
	if behavior := b.spec.Behaviors[version]; behavior != "" {
		return behavior
	}
	return "healthy"
}

// imageTags say what is on an AMI.
func (b *builder) imageTags(version string) map[string]string {
	tags := map[string]string{app.VersionTag: version, app.BehaviorTag: b.behavior(version)}
	if reference := b.made.Containers[version]; reference != "" {
		tags["sandbox:image"] = reference
	}
	return tags
}

// agentUserData has the agent's settings for all that does not depend on the AMI. Its waits are those of an account that is
// as fast as this one; what takes this machine's own time is not.
func (b *builder) agentUserData() string {
	scaled := func(d, least time.Duration) string {
		return max(b.sb.Account.Scaled(d), least).Round(100 * time.Millisecond).String()
	}
	return fmt.Sprintf(`#cloud-config
write_files:
  - path: /etc/bluegreen/agent.d/30-app.toml
    owner: root:root
    permissions: '0644'
    content: |
      app = %q
      [container]
      ports = ["%d:%[2]d"]
      memory = "128MiB"
      [health]
      listen = ":%d"
      interval = "1s"
      [lifecycle]
      deregistration_delay = %q
      notice = %q
      poll = "1s"
      group_poll = "1s"
`, b.spec.App, AppPort, AgentPort, scaled(deregistrationDelay+5*time.Second, 2*time.Second), scaled(30*time.Second, 2*time.Second))
}

// speed is how many times faster than AWS the account is.
func (b *builder) speed() float64 {
	return float64(time.Hour) / float64(b.sb.Account.Scaled(time.Hour))
}

// real turns a time that this machine takes, to boot, say, into seconds of the account's time.
func (b *builder) real(d time.Duration) int32 { return int32(d.Seconds() * b.speed()) }

// agentHooks hold an instance until the agent says that it serves, and then until it is drained.
func (b *builder) agentHooks() []asgtypes.LifecycleHookSpecification {
	return []asgtypes.LifecycleHookSpecification{
		{
			LifecycleHookName: aws.String("launch"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"),
			HeartbeatTimeout: aws.Int32(min(b.real(5*time.Minute), maxHeartbeat)), DefaultResult: aws.String("ABANDON"),
		},
		{
			LifecycleHookName: aws.String("drain"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"),
			HeartbeatTimeout: aws.Int32(min(b.real(time.Minute), maxHeartbeat)), DefaultResult: aws.String("CONTINUE"),
		},
	}
}

const maxHeartbeat = 7200 // seconds
