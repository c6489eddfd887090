package bake_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"bluegreen/internal/bake"
	"bluegreen/internal/event"
	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/ec2"
)

// slow is a step that takes its time.
type slow struct {
	*events
	step string
	by   time.Duration
}

func (s slow) Report(e event.Event) {
	s.events.Report(e)
	if e.Event == event.StepBegan && e.Step == s.step {
		time.Sleep(s.by)
	}
}

var deadMan = pattern.Lazy(`--on-active=(\d+)s`)

// TestSlowSnapshots has an AMI be there when the run has expired, or is about to: its test instance lives for as long as it may take
// to prove itself, by its tag and by its own timer.
func TestSlowSnapshots(t *testing.T) {
	for _, more := range []string{"", sent} {
		for _, by := range []time.Duration{0, 83 * time.Minute, 119 * time.Minute} {
			inWorld(t, more, func(ctx context.Context, w *world) {
				t := w.t
				needs := 15 * time.Minute
				if more == sent {
					needs = (10 + 15 + 12 + 5) * time.Minute
				}
				var tested ec2.Machine
				var at time.Time
				w.sb.EC2.SetGuest(func(m ec2.Machine) ec2.Guest {
					if m.InstanceTags[bake.TagRole] == bake.RoleTest {
						tested, at = m, time.Now()
					}
					return w.guest(m)
				})
				b, ev := w.process("slow", nil)
				b.Report = slow{ev, "available", by}
				if err := theBake(ctx, b); err != nil {
					ev.log(t)
					t.Fatalf("%s: %v", by, err)
				}
				expires, err := time.Parse(time.RFC3339, tested.InstanceTags[bake.TagExpires])
				if left := expires.Sub(at); err != nil || left < needs {
					t.Errorf("%s: it expires %s after it has begun, want %s at least: %v", by, left, needs, err)
				}
				timer := deadMan().FindStringSubmatch(tested.UserData)
				if timer == nil {
					t.Fatal("it has no timer")
				}
				if seconds, err := strconv.Atoi(timer[1]); err != nil || time.Duration(seconds)*time.Second < needs {
					t.Errorf("%s: its timer ends it after %s seconds, want %s at least", by, timer[1], needs)
				}
			})
		}
	}
}
