package bake_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/exit"
	"bluegreen/internal/sandbox/ec2"
)

// TestBakeByRunCommand makes an AMI without reading a console.
func TestBakeByRunCommand(t *testing.T) {
	inWorld(t, sent, func(ctx context.Context, w *world) {
		t := w.t
		b, ev := w.process("first", nil)
		_, baked, err := bakeOnce(ctx, b)
		if err != nil || !baked {
			ev.log(t)
			t.Fatalf("baked %v: %v", baked, err)
		}
		want := []string{
			"stage", "builder", "command", "provision", "stop", "stopped", "image", "available", "end-builder", "unstage",
			"test", "test-command", "verify", "end-test", "mark",
		}
		if diff := cmp.Diff(want, ev.steps()); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
			t.Errorf("the account (-want +got):\n%s", diff)
		}
		if len(w.commands) != 2 {
			t.Errorf("commands were sent to %q, want the builder and the test instance", w.commands)
		}
	})
}

// TestCommandFails has commands, and instances with one, go wrong: what a person gets to read, and that nothing is left.
func TestCommandFails(t *testing.T) {
	ready := func(w *world, run string) string { return w.ready(run) }
	for _, c := range []struct {
		name, role, more string
		says             func(w *world, run string) ec2.Guest
		want             []string // in the message
	}{
		{
			"a provision script fails", bake.RoleBuilder, "",
			func(_ *world, run string) ec2.Guest {
				return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "stage", "scripts") + "\namibake " + run + " log 01 make: not found\n" +
					recipe.Say(run, "failed", "scripts: provision.sh: exit status 127"), Do: ec2.Fail}}
			},
			[]string{"scripts: provision.sh: exit status 127", "\n  make: not found"},
		},
		{
			"it fails without a word of its own", bake.RoleBuilder, "",
			func(_ *world, run string) ec2.Guest {
				return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "stage", "packages") + "\nended with: oom-kill", Do: ec2.Fail}}
			},
			[]string{": packages: Run Command says of its command ", ": Failed", "\n  ended with: oom-kill"},
		},
		{
			"it says that it is ready, and fails", bake.RoleBuilder, "",
			func(w *world, run string) ec2.Guest { return ec2.Guest{{Print: ready(w, run), Do: ec2.Fail}} },
			[]string{"Run Command says of its command ", ": Failed"},
		},
		{
			"it says nothing", bake.RoleBuilder, "",
			func(*world, string) ec2.Guest { return ec2.Guest{{After: time.Minute, Print: "hello"}} },
			[]string{"before it said anything: its command ended well and does not say how it went", "\n  hello"},
		},
		{
			"it does not end", bake.RoleBuilder, "",
			func(w *world, run string) ec2.Guest { return ec2.Guest{{After: 24 * time.Hour, Print: ready(w, run)}} },
			[]string{"before it said anything: Run Command says of its command ", ": Execution Timed Out"},
		},
		{
			"the builder dies", bake.RoleBuilder, "",
			func(*world, string) ec2.Guest { return ec2.Guest{{After: time.Minute, Do: ec2.Die}} },
			[]string{"before it said anything: the instance is "},
		},
		{
			"the builder powers off", bake.RoleBuilder, "",
			func(*world, string) ec2.Guest { return ec2.Guest{{After: time.Minute, Do: ec2.PowerOff}} },
			[]string{"before it said anything: the instance is "},
		},
		{
			"the builder has another image", bake.RoleBuilder, "",
			func(_ *world, run string) ec2.Guest {
				return ec2.Guest{{Print: say(run, "ready", map[string]any{"agent": "1.2.0", "digest": "sha256:" + strings.Repeat("0", 64)})}}
			},
			[]string{"it has the image sha256:0000"},
		},
		{
			"the builder does not register", bake.RoleBuilder, "build.tags = { \"sandbox:ssm\" = \"none\" }\n", nil,
			[]string{
				"the builder i-", "to register with Systems Manager: timed out after 10m0s, last seen: running, not registered yet", "the SSM agent",
				`the role in the instance profile "shop" needs the policy AmazonSSMManagedInstanceCore`, "ssmmessages and ec2messages", `build.channel = "console"`,
			},
		},
		{
			"the test instance has an open port", bake.RoleTest, "",
			func(w *world, run string) ec2.Guest {
				return ec2.Guest{{Print: w.verified(run, map[string]any{"ports": []int{22, 6379}})}}
			},
			[]string{"port 6379 is open"},
		},
		{
			"the test instance does not get healthy", bake.RoleTest, "",
			func(_ *world, run string) ec2.Guest {
				return ec2.Guest{{Print: recipe.Say(run, "failed", "health: the app is not healthy after 600 s: /health answers 503"), Do: ec2.Fail}}
			},
			[]string{"health: the app is not healthy after 600 s: /health answers 503"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, sent+c.more, func(ctx context.Context, w *world) {
				t := w.t
				if c.says != nil {
					w.says[c.role] = func(run string) ec2.Guest { return c.says(w, run) }
				}
				b, ev := w.process("first", nil)
				_, _, err := bakeOnce(ctx, b)
				var problem *exit.Problem
				if !errors.As(err, &problem) || problem.Code != exit.Failed {
					ev.log(t)
					t.Fatalf("got %v, want a clean failure", err)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the message does not say %q:\n%v", want, err)
					}
				}
				time.Sleep(time.Hour)
				if diff := cmp.Diff(holdings{}, w.holdings()); diff != "" {
					t.Errorf("the account (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// lossy loses the first answers to an operation, all of which has come through.
type lossy struct {
	to        http.RoundTripper
	operation string
	mu        sync.Mutex
	lose      int
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.to.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose > 0 && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+l.operation) {
		l.lose--
		return nil, syscall.ECONNRESET
	}
	return response, err
}

// TestAnswerToACommandIsLost has no command sent twice whose answer did not come.
func TestAnswerToACommandIsLost(t *testing.T) {
	inWorld(t, sent, func(ctx context.Context, w *world) {
		b, ev := w.process("first", &lossy{to: w.sb.Transport(), operation: "SendCommand", lose: 2})
		if _, _, err := bakeOnce(ctx, b); err != nil {
			ev.log(w.t)
			w.t.Fatal(err)
		}
		if len(w.commands) != 2 || w.commands[0] == w.commands[1] {
			w.t.Errorf("commands were sent to %q, want one to the builder and one to the test instance", w.commands)
		}
	})
}

// TestChannelIsChanged has a run that was begun by Run Command gone on with in that way, whatever the configuration says by then.
func TestChannelIsChanged(t *testing.T) {
	inWorld(t, sent, func(ctx context.Context, w *world) {
		t := w.t
		p := w.plug(0, false)
		b, _ := w.process("the one that dies", p)
		w.left.Go(func() { _ = theBake(ctx, b) })
		for w.holdings().Instances == 0 {
			time.Sleep(time.Second)
		}
		p.Pull()
		w.configure(strings.ReplaceAll(w.base, sent, ""))
		next, ev := w.process("the next", nil)
		if _, baked, err := bakeOnce(ctx, next); err != nil || !baked {
			ev.log(t)
			t.Fatalf("baked %v: %v", baked, err)
		}
		if len(w.commands) != 2 {
			t.Errorf("commands were sent to %q, want the builder and the test instance", w.commands)
		}
	})
}
