package ec2_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

// TestGuest plays scripts and looks at the console and the state at once, after a minute, and five later.
func TestGuest(t *testing.T) {
	terminate := func(in *sdk.RunInstancesInput) { in.InstanceInitiatedShutdownBehavior = "terminate" }
	for name, c := range map[string]struct {
		guest  ec2.Guest
		change func(*sdk.RunInstancesInput)
		want   []string
		reason string
	}{
		"silent": {nil, nil, []string{"running ", "running ", "running "}, ""},
		"prints and goes on": {
			ec2.Guest{{After: 30 * time.Second, Print: "one"}, {After: time.Minute, Print: "two\nthree\n"}}, nil,
			[]string{"running ", "running one/", "running one/two/three/"}, "",
		},
		"powers off": {
			ec2.Guest{{Print: "bye", Do: ec2.PowerOff}, {Print: "never"}}, nil,
			[]string{"stopping bye/", "stopped bye/", "stopped bye/"}, "Client.InstanceInitiatedShutdown",
		},
		"powers off for good": {
			ec2.Guest{{After: time.Second, Print: "bye", Do: ec2.PowerOff}}, terminate,
			[]string{"running ", "terminated bye/", "terminated bye/"}, "Client.InstanceInitiatedShutdown",
		},
		"dies": {
			ec2.Guest{{After: time.Minute, Do: ec2.Die}}, nil, []string{"running ", "shutting-down ", "terminated "}, "Server.InternalError",
		},
		"is reclaimed": {
			ec2.Guest{{After: time.Minute, Do: ec2.Reclaim}}, nil,
			[]string{"running ", "shutting-down ", "terminated "}, "Server.SpotInstanceTermination",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.locked(func(s *ec2.Service) { s.SetGuest(func(ec2.Machine) ec2.Guest { return c.guest }) })
				id := w.running(c.change)
				var got []string
				for _, seconds := range []int{0, 60, 300} {
					w.wait(seconds)
					got = append(got, w.state(id)+" "+strings.ReplaceAll(w.console(id, true), "\n", "/"))
				}
				i := must(w.DescribeInstances(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{id}}))(w.t).Reservations[0].Instances[0]
				reason := ""
				if i.StateReason != nil {
					reason = *i.StateReason.Code
				}
				if diff := cmp.Diff(append(c.want, c.reason), append(got, reason)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestGuestOfATag has a script on the image, which is taken before one on the instance is, and that of SetGuest before both.
func TestGuestOfATag(t *testing.T) {
	in(t, func(w *world) {
		w.locked(func(s *ec2.Service) {
			w.image(ec2.Image{ID: "ami-3", Tags: map[string]string{ec2.ConsoleTag: `1s amibake {run} ready {"ok":true} | 1s !power-off`}})
			s.SetGuest(func(m ec2.Machine) ec2.Guest {
				if m.InstanceTags["role"] == "test" {
					return ec2.Guest{{Print: "user data: " + m.UserData}}
				}
				return nil
			})
		})
		run := func(tags ...types.Tag) string {
			return w.running(func(in *sdk.RunInstancesInput) {
				in.ImageId, in.UserData = aws.String("ami-3"), aws.String("dGV4dA==")
				in.TagSpecifications = []types.TagSpecification{tagged("instance", tags...)}
			})
		}
		builder, own, test := run(tag("run", "r1")), run(tag(ec2.ConsoleTag, "0s own")), run(tag("role", "test"))
		w.wait(60)
		var got []string
		for _, id := range []string{builder, own, test} {
			got = append(got, w.state(id)+" "+w.console(id, true))
		}
		want := []string{"stopped amibake r1 ready {\"ok\":true}\n", "running own\n", "running user data: text\n"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestParseGuestRefuses(t *testing.T) {
	for _, text := range []string{"", "hello", "-1s hello", "1s one | two", "1s !explode"} {
		if g, err := ec2.ParseGuest(text); err == nil {
			t.Errorf("%q is %v", text, g)
		}
	}
}

// TestConsoleOfAMachine has the neighbour that runs the machines tell what they print.
func TestConsoleOfAMachine(t *testing.T) {
	in(t, func(w *world) {
		text := ""
		w.locked(func(s *ec2.Service) { s.Console = func(string) string { return text } })
		say := func(more string) { w.locked(func(*ec2.Service) { text += more }) }
		id := w.running(nil)
		got := map[string]string{}
		look := func(label string) {
			got[label] = fmt.Sprintf("%q, when not the latest %q", w.console(id, true), w.console(id, false))
		}
		look("nothing")
		say("boot\n")
		look("boot")
		w.wait(120)
		say("more\n")
		look("two minutes later")
		must(w.StopInstances(w.ctx, &sdk.StopInstancesInput{InstanceIds: []string{id}}))(t)
		text = "gone"
		look("stopped")
		text = ""
		w.wait(10)
		must(w.StartInstances(w.ctx, &sdk.StartInstancesInput{InstanceIds: []string{id}}))(t)
		look("started again")
		w.wait(5)
		say(strings.Repeat("x", 100<<10))
		got["much"] = fmt.Sprint(len(w.console(id, true)))
		want := map[string]string{
			"nothing": `"", when not the latest ""`, "boot": `"boot\n", when not the latest ""`,
			"two minutes later": `"boot\nmore\n", when not the latest "boot\n"`, "stopped": `"boot\nmore\n", when not the latest "boot\nmore\n"`,
			"started again": `"", when not the latest ""`, "much": "65536",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestPoweredOff checks that a machine's own shutdown does nothing to one that EC2 shuts down anyway.
func TestPoweredOff(t *testing.T) {
	in(t, func(w *world) {
		id := w.running(func(in *sdk.RunInstancesInput) { in.InstanceInitiatedShutdownBehavior = "terminate" })
		must(w.StopInstances(w.ctx, &sdk.StopInstancesInput{InstanceIds: []string{id}}))(t)
		w.locked(func(s *ec2.Service) {
			s.PoweredOff(id)
			s.PoweredOff("i-0")
		})
		w.wait(10)
		got := []string{w.state(id)}
		must(w.StartInstances(w.ctx, &sdk.StartInstancesInput{InstanceIds: []string{id}}))(t)
		w.wait(5)
		w.locked(func(s *ec2.Service) { s.PoweredOff(id) })
		got = append(got, w.state(id))
		if diff := cmp.Diff([]string{"stopped", "shutting-down"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestRunScript runs scripts on instances: what a test writes goes before a tag, an instance without either runs none, and what an
// instance cannot end it does not.
func TestRunScript(t *testing.T) {
	in(t, func(w *world) {
		w.locked(func(s *ec2.Service) {
			s.Command = func(m ec2.Machine, script string) ec2.Guest {
				if m.InstanceTags["role"] == "test" {
					return ec2.Guest{{After: time.Second, Print: "ran " + script}, {Print: "and ended\n"}}
				}
				return nil
			}
		})
		run := func(tags ...types.Tag) string {
			return w.running(func(in *sdk.RunInstancesInput) {
				in.TagSpecifications = []types.TagSpecification{tagged("instance", append(tags, tag("k", "v"))...)}
			})
		}
		got := map[string]string{}
		ids := map[string]string{
			"written": run(tag("role", "test")), "fails": run(tag(ec2.CommandTag, "1s {k} | 1s !fail")), "dies": run(tag(ec2.CommandTag, "1s bye | 1s !die")),
			"none": run(), "stopped": run(tag("role", "test")),
		}
		for name, id := range ids {
			w.locked(func(s *ec2.Service) {
				stop, scripted := s.RunScript(id, "make", func(output string, code int) { got[name] = fmt.Sprintf("%d %q", code, output) })
				if !scripted {
					got[name] = "not scripted"
				} else if name == "stopped" {
					stop()
				}
			})
		}
		w.wait(10)
		want := map[string]string{"written": `0 "ran make\nand ended\n"`, "fails": `1 "v\n"`, "none": "not scripted"}
		w.locked(func(s *ec2.Service) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, scripted := s.RunScript("i-0", "make", nil); scripted {
				t.Error("an instance that is not there runs a script")
			}
			for _, c := range []struct{ id, key, want string }{{ids["none"], "k", "v"}, {ids["none"], "x", ""}, {"i-0", "k", ""}} {
				if got := s.SoftwareTag(c.id, c.key); got != c.want {
					t.Errorf("tag %s is %q, want %q", c.key, got, c.want)
				}
			}
		})
		if w.state(ids["dies"]) != "shutting-down" {
			t.Errorf("one whose hardware failed is %s", w.state(ids["dies"]))
		}
	})
}
