package prune_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/bake/prune"
)

// crowd is an account with an image on each rung of the ladder, and an orphan.
func crowd() *account {
	return &account{
		images: []prune.Image{
			image("ami-1", 40), image("ami-2", 50), // these stay
			image("ami-a", 100),
			with(image("ami-b", 101), func(i *prune.Image) { i.Deprecated = start.Add(-20 * day) }),
			last(image("ami-c", 102)),
			last(image("ami-d", 103)),
		},
		snapshots: []prune.Snapshot{{Ref: prune.Ref{ID: "snap-1"}, Created: start.Add(-2 * day), Managed: true, App: "shop", Key: "0123456789abcdef0123", Image: "ami-0", State: prune.Completed}},
	}
}

func texts(steps []prune.Step) []string {
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.String())
	}
	return lines
}

// TestApply plans for the crowd, changes something and applies the plan.
func TestApply(t *testing.T) {
	throttled := errors.New("RequestLimitExceeded")
	for name, c := range map[string]struct {
		between func(*account, *prune.Pruner)
		steps   []string
		err     string
		left    []string // images
	}{
		"nothing has changed": {
			nil,
			[]string{"deprecate ami-a: done", "disable ami-b: done", "deregister ami-c: done", "deregister ami-d: done", "delete snap-1: done"},
			"", []string{"ami-1", "ami-2", "ami-a", "ami-b"},
		},
		"all are gone": {
			func(a *account, _ *prune.Pruner) { a.images, a.snapshots = nil, nil },
			[]string{"deprecate ami-a: gone", "disable ami-b: gone", "deregister ami-c: gone", "deregister ami-d: gone", "delete snap-1: gone"},
			"", nil,
		},
		"they go in the last moment": {
			func(a *account, p *prune.Pruner) {
				gone := func(context.Context, prune.Image, time.Time) error {
					return fmt.Errorf("change: %w", awserr.ErrNotFound)
				}
				p.Actor.Deprecate, p.Actor.Disable = gone, gone
				p.Actor.Deregister = func(ctx context.Context, i prune.Image) error { return gone(ctx, i, start) }
			},
			[]string{"deprecate ami-a: gone", "disable ami-b: gone", "deregister ami-c: gone", "deregister ami-d: gone", "delete snap-1: done"},
			"", []string{"ami-1", "ami-2", "ami-a", "ami-b", "ami-c", "ami-d"},
		},
		"uses have begun": {
			func(a *account, _ *prune.Pruner) {
				for _, id := range []string{"a", "b", "d"} {
					a.instances = append(a.instances, machine{"", "i-" + id, "running", "ami-" + id})
				}
			},
			[]string{
				"deprecate ami-a: kept: in use by instance i-a (running)",
				"disable ami-b: kept: in use by instance i-b (running)",
				"deregister ami-c: done",
				"deregister ami-d: kept: in use by instance i-d (running); disabled: nothing can be launched from it before EnableImage",
				"delete snap-1: done",
			},
			"", []string{"ami-1", "ami-2", "ami-a", "ami-b", "ami-d"},
		},
		"somebody has enabled one again, and the newest are gone": {
			func(a *account, _ *prune.Pruner) {
				a.images = a.images[1:]
				a.images[3].State = prune.Available
			},
			[]string{
				"deprecate ami-a: kept: number 2 of the 2 newest verified images",
				"disable ami-b: done",
				"deregister ami-c: kept: by now the next step would be to disable it",
				"deregister ami-d: done",
				"delete snap-1: done",
			},
			"", []string{"ami-2", "ami-a", "ami-b", "ami-c"},
		},
		"a step fails": {
			func(a *account, p *prune.Pruner) {
				deregister := p.Actor.Deregister
				p.Actor.Deregister = func(ctx context.Context, i prune.Image) error {
					if i.ID == "ami-c" {
						return throttled
					}
					return deregister(ctx, i)
				}
			},
			[]string{
				"deprecate ami-a: done", "disable ami-b: done", "deregister ami-c: failed: RequestLimitExceeded", "deregister ami-d: done",
				"delete snap-1: done",
			},
			"deregister ami-c: RequestLimitExceeded", []string{"ami-1", "ami-2", "ami-a", "ami-b", "ami-c"},
		},
		"a check fails": {
			func(a *account, _ *prune.Pruner) { a.broken = map[string]bool{"parameters": true} },
			[]string{
				"deprecate ami-a: kept: in use by unknown: parameters: AccessDenied",
				"disable ami-b: kept: in use by unknown: parameters: AccessDenied",
				"deregister ami-c: kept: in use by unknown: parameters: AccessDenied; disabled: nothing can be launched from it before EnableImage",
				"deregister ami-d: kept: in use by unknown: parameters: AccessDenied; disabled: nothing can be launched from it before EnableImage",
				"delete snap-1: done",
			},
			"check parameters: AccessDenied", []string{"ami-1", "ami-2", "ami-a", "ami-b", "ami-c", "ami-d"},
		},
		"images cannot be read": {
			func(a *account, _ *prune.Pruner) { a.broken = map[string]bool{"images": true} },
			[]string{
				"deprecate ami-a: kept: in use by unknown: list images: AccessDenied",
				"disable ami-b: kept: in use by unknown: list images: AccessDenied",
				"deregister ami-c: kept: in use by unknown: list images: AccessDenied",
				"deregister ami-d: kept: in use by unknown: list images: AccessDenied",
				"delete snap-1: kept: unknown: list images: AccessDenied",
			},
			"list images: AccessDenied", []string{"ami-1", "ami-2", "ami-a", "ami-b", "ami-c", "ami-d"},
		},
		"the orphan's image is there after all": {
			func(a *account, _ *prune.Pruner) {
				a.images = append(a.images, with(image("ami-9", 1), func(i *prune.Image) { i.Snapshots = []string{"snap-1"} }))
			},
			[]string{
				"deprecate ami-a: done", "disable ami-b: done", "deregister ami-c: done", "deregister ami-d: done",
				"delete snap-1: kept: belongs to ami-9",
			},
			"", []string{"ami-1", "ami-2", "ami-a", "ami-b", "ami-9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := crowd()
			p := a.pruner(policy, "")
			plan, err := p.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.between != nil {
				c.between(a, &p)
			}
			var told []prune.Step
			steps, err := p.Apply(t.Context(), plan, func(s prune.Step) { told = append(told, s) })
			if got := errorText(err); got != c.err {
				t.Errorf("error %q, want %q", got, c.err)
			}
			if diff := cmp.Diff(c.steps, texts(steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(steps, told); diff != "" {
				t.Errorf("progress (-steps +told):\n%s", diff)
			}
			var left []string
			for _, i := range a.images {
				left = append(left, i.ID)
			}
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Errorf("images left (-want +got):\n%s", diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestApplyLooksBeforeEachRemoval lists what is asked, and about which images, among the deeds.
func TestApplyLooksBeforeEachRemoval(t *testing.T) {
	a := crowd()
	p := a.pruner(policy, "")
	var log []string
	p.Checks = []prune.Check{{Name: "log", Find: func(_ context.Context, ids []string) (map[string][]prune.Use, error) {
		log = append(log, fmt.Sprint("look at ", ids))
		return nil, nil
	}}}
	plan, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Apply(t.Context(), plan, func(s prune.Step) { log = append(log, s.String()) }); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"look at [ami-1 ami-2 ami-a ami-b ami-c ami-d]",
		"look at [ami-a]", "deprecate ami-a: done",
		"look at [ami-b]", "look at [ami-b]", "disable ami-b: done",
		"look at [ami-c ami-d]",
		"look at [ami-c]", "deregister ami-c: done",
		"look at [ami-d]", "deregister ami-d: done",
		"delete snap-1: done",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestApplyEndsWithItsContext(t *testing.T) {
	a := crowd()
	p := a.pruner(policy, "")
	plan, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	steps, err := p.Apply(ctx, plan, func(s prune.Step) {
		if s.ID == "ami-b" {
			cancel(errors.New("interrupted"))
		}
	})
	want := []string{"deprecate ami-a: done", "disable ami-b: done", "deregister ami-c: not reached", "deregister ami-d: not reached", "delete snap-1: not reached"}
	if diff := cmp.Diff(want, texts(steps)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := errorText(err); got != "interrupted" {
		t.Errorf("error %q", got)
	}
}

func TestApplyTimes(t *testing.T) {
	a := crowd()
	p := a.pruner(policy, "")
	plan, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	at := a.images[2].Deprecated
	if in := time.Until(at); in <= 0 || in > 2*time.Minute || !at.Equal(at.Truncate(time.Minute)) {
		t.Errorf("deprecated from %v on, in %v: EC2 wants a whole minute that is to come", at, in)
	}
	if since := time.Since(a.images[3].DisabledAt); since < 0 || since > time.Minute {
		t.Errorf("disabled since %v", since)
	}
	again, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.Due() != 0 {
		t.Errorf("a run right after: %s", again.Summary())
	}
}
