package bake

import (
	"context"
	"errors"
	"strings"
	"time"

	"bluegreen/internal/aws/instance"
	"bluegreen/internal/bake/recipe"
)

// launchTest starts an instance of the AMI as an Auto Scaling group would, but for its user data, which has it say how it is.
func (b *baker) launchTest(ctx context.Context, s *Baking) error {
	if s.Test != "" {
		return nil
	}
	made, err := b.Cloud.Images.Get(ctx, s.Image)
	if err != nil {
		return err
	}
	v, expires := b.Settings.Verify, b.testExpires(s)
	userData, err := recipe.Verifier{
		Guest: recipe.Guest{Run: s.Tag, DeadMan: time.Until(expires), Sent: b.sent()}, Limit: v.Deadline * 2 / 3, // time is left to say what is wrong
	}.UserData()
	if err != nil {
		return err
	}
	s.Test, err = b.launch(ctx, s, RoleTest, expires, instance.Launch{
		Image: s.Image, Type: v.InstanceType, UserData: userData, RootDevice: made.RootDevice, KMSKey: b.Settings.Build.KMSKey,
		HopLimit: 2, // an app in a container may need the instance's role
	})
	return err
}

// testExpires is when anybody may end a test instance that is launched now: not before it had its time. A builder that has taken
// long to stop, and snapshots that have, may have used up all of the run's.
func (b *baker) testExpires(s *Baking) time.Time {
	life := b.Settings.Verify.Deadline
	if b.sent() {
		life = registerLimit + recipe.CommandLimit(life) + deliveryLimit
	}
	expires := time.Now().Add(life + patience).Truncate(time.Second)
	if expires.Before(s.Expires) {
		return s.Expires
	}
	return expires
}

// verified waits for the test instance's word, and looks for faults in it.
func (b *baker) verified(ctx context.Context, s *Baking) error {
	err := b.word(ctx, s, "verify", b.tester(s), func(r recipe.Report) bool {
		s.Verified = r.Verified
		return r.Verified != nil
	})
	if err != nil {
		return err
	}
	faults := s.Verified.Faults(recipe.Want{
		Agent: s.Agent, Digest: s.Digest, Ports: b.Settings.Verify.Ports, BootLimit: b.Settings.Verify.BootLimit,
	})
	if len(faults) > 0 {
		return errors.New("the AMI " + s.Image + " is not as it has to be: " + strings.Join(faults, "; "))
	}
	return nil
}

func (b *baker) tester(s *Baking) worker {
	return worker{what: "the test instance " + s.Test, id: s.Test, command: s.TestCommand, limit: b.Settings.Verify.Deadline}
}

func (b *baker) commandTest(ctx context.Context, s *Baking) (err error) {
	s.TestCommand, err = b.command(ctx, s, "test-command", RoleTest, b.tester(s))
	return err
}

func (b *baker) endTest(ctx context.Context, s *Baking) error {
	return b.terminate(ctx, s, RoleTest, s.Test)
}
