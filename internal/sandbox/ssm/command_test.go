package ssm

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2/launch"
)

// fleet are instances whose scripts take a second and say what they are, unless their text is one of a few words.
type fleet struct {
	*Service
	*sdk.Client
	t      *testing.T
	states map[string]string
	ran    []string
}

// inFleet runs a test with three instances: i-1 and i-2 are managed, i-3 is not.
func inFleet(t *testing.T, test func(ctx context.Context, f *fleet)) {
	inBubble(t, func(t *testing.T, s *Service) {
		f := &fleet{Service: s, Client: client(s), t: t, states: map[string]string{}}
		s.Manage(Fleet{Instance: f.instance, Run: f.run})
		for _, id := range []string{"i-1", "i-2", "i-3"} {
			f.enter(id, launch.Running)
		}
		test(t.Context(), f)
	})
}

func (f *fleet) instance(id string) (Instance, bool) {
	state, ok := f.states[id]
	return Instance{State: state, Managed: id != "i-3", Addr: netip.MustParseAddr("10.0.0.1")}, ok
}

func (f *fleet) run(id, script string, done func(Ran)) (stop func()) {
	f.ran = append(f.ran, id+" "+script)
	switch word := strings.TrimSpace(script); word {
	case "hang":
		return func() { f.ran = append(f.ran, id+" is stopped") }
	case "fail":
		return f.acct.After(time.Second, func() { done(Ran{Errors: "oh", Code: 3}) }).Stop
	case "much":
		return f.acct.After(time.Second, func() { done(Ran{Output: strings.Repeat("é", 30000), Errors: strings.Repeat("e", 30000)}) }).Stop
	}
	return f.acct.After(time.Second, func() { done(Ran{Output: "out of " + id}) }).Stop
}

func (f *fleet) enter(id, state string) {
	f.acct.Lock()
	defer f.acct.Unlock()
	f.states[id] = state
	f.InstanceChanged(id, state)
}

// send sends a script, and fails the test if that is refused.
func (f *fleet) send(ctx context.Context, script string, change func(*sdk.SendCommandInput)) string {
	f.t.Helper()
	in := asked(script)
	if change != nil {
		change(in)
	}
	out, err := f.SendCommand(ctx, in)
	if err != nil {
		f.t.Fatal(err)
	}
	return *out.Command.CommandId
}

func asked(script string) *sdk.SendCommandInput {
	return &sdk.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{"i-1"}, Parameters: map[string][]string{"commands": {script}},
	}
}

// status is how a command goes on an instance.
func (f *fleet) status(ctx context.Context, id, instance string) string {
	f.t.Helper()
	out, err := f.GetCommandInvocation(ctx, &sdk.GetCommandInvocationInput{CommandId: &id, InstanceId: &instance})
	if missing := new(types.InvocationDoesNotExist); errors.As(err, &missing) {
		return "missing"
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return fmt.Sprintf("%s/%s %d %q %q", out.Status, *out.StatusDetails, out.ResponseCode, *out.StandardOutputContent, *out.StandardErrorContent)
}

// nodesAre are the instances that have registered.
func (f *fleet) nodesAre(ctx context.Context, filters ...types.InstanceInformationStringFilter) string {
	f.t.Helper()
	out, err := f.DescribeInstanceInformation(ctx, &sdk.DescribeInstanceInformationInput{Filters: filters})
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for _, i := range out.InstanceInformationList {
		all = append(all, fmt.Sprintf("%s %s", *i.InstanceId, i.PingStatus))
	}
	return strings.Join(all, ", ")
}

// An agent registers some seconds after the boot, if it may, and is missed some minutes after it went away.
func TestNodes(t *testing.T) {
	inFleet(t, func(ctx context.Context, f *fleet) {
		got := []string{f.nodesAre(ctx)}
		look := func() { got = append(got, f.nodesAre(ctx)) }
		time.Sleep(20 * time.Second)
		look()
		f.enter("i-1", launch.Stopping)
		f.enter("i-1", launch.Stopped)
		look()
		time.Sleep(6 * time.Minute)
		look()
		id := types.InstanceInformationStringFilter{Key: aws.String("InstanceIds"), Values: []string{"i-1"}}
		online := types.InstanceInformationStringFilter{Key: aws.String("PingStatus"), Values: []string{"Online"}}
		got = append(got, f.nodesAre(ctx, id), f.nodesAre(ctx, online), f.nodesAre(ctx, id, online))
		f.enter("i-1", launch.Running)
		time.Sleep(20 * time.Second)
		look()
		f.enter("i-2", launch.ShuttingDown)
		f.enter("i-2", launch.Terminated)
		look()
		want := []string{
			"", "i-1 Online, i-2 Online", "i-1 Online, i-2 Online", "i-1 ConnectionLost, i-2 Online",
			"i-1 ConnectionLost", "i-2 Online", "", "i-1 Online, i-2 Online", "i-1 Online",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err := f.DescribeInstanceInformation(ctx, &sdk.DescribeInstanceInformationInput{Filters: []types.InstanceInformationStringFilter{{Key: aws.String("x"), Values: []string{"y"}}}})
		if refused := new(types.InvalidFilterKey); !errors.As(err, &refused) {
			t.Errorf("an unknown filter: %v", err)
		}
	})
}

// A command shows a moment after it was sent, is taken, runs, and has its output when the script has ended.
func TestCommandSucceeds(t *testing.T) {
	inFleet(t, func(ctx context.Context, f *fleet) {
		time.Sleep(20 * time.Second)
		id := f.send(ctx, "go", nil)
		var got []string
		for range 40 {
			if s := f.status(ctx, id, "i-1"); len(got) == 0 || got[len(got)-1] != s {
				got = append(got, s)
			}
			time.Sleep(100 * time.Millisecond)
		}
		want := []string{"missing", `Pending/Pending -1 "" ""`, `InProgress/In Progress -1 "" ""`, `Success/Success 0 "out of i-1" ""`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := f.status(ctx, id, "i-2"); got != "missing" {
			t.Errorf("on another instance: %s", got)
		}
		out, err := f.GetCommandInvocation(ctx, &sdk.GetCommandInvocationInput{CommandId: &id, InstanceId: aws.String("i-1")})
		if err != nil {
			t.Fatal(err)
		}
		if s, e, d := *out.ExecutionStartDateTime, *out.ExecutionEndDateTime, *out.ExecutionElapsedTime; s != "2000-01-01T00:00:22.000Z" || e != "2000-01-01T00:00:23.000Z" || d != "PT1.000S" {
			t.Errorf("it ran from %s to %s, %s", s, e, d)
		}
	})
}

// How else commands end, and how long that takes.
func TestCommandEnds(t *testing.T) {
	const never = `InProgress/In Progress -1 "" ""`
	for name, c := range map[string]struct {
		script string
		change func(*sdk.SendCommandInput)
		after  func(f *fleet)
		within time.Duration
		want   string
		ran    []string
	}{
		"fails":         {"fail", nil, nil, 4 * time.Second, `Failed/Failed 3 "" "oh"`, []string{"i-1 fail\n"}},
		"says too much": {"much", nil, nil, 4 * time.Second, fmt.Sprintf(`Success/Success 0 %q %q`, strings.Repeat("é", 24000), strings.Repeat("e", 8000)), []string{"i-1 much\n"}},
		"hangs":         {"hang", nil, nil, 59 * time.Minute, never, []string{"i-1 hang\n"}},
		"hangs for too long": {
			"hang", nil, nil, 61 * time.Minute, `TimedOut/Execution Timed Out -1 "" ""`, []string{"i-1 hang\n", "i-1 is stopped"},
		},
		"hangs for longer than it asked for": {
			"hang", func(in *sdk.SendCommandInput) { in.Parameters["executionTimeout"] = []string{"60"} }, nil, 63 * time.Second,
			`TimedOut/Execution Timed Out -1 "" ""`, []string{"i-1 hang\n", "i-1 is stopped"},
		},
		"the instance ends": {
			"hang", nil, func(f *fleet) { f.enter("i-1", launch.ShuttingDown) }, time.Minute, never, []string{"i-1 hang\n", "i-1 is stopped"},
		},
		"the instance is off for too long": {
			"go", func(in *sdk.SendCommandInput) {
				in.TimeoutSeconds, in.InstanceIds = aws.Int32(30), []string{"i-1", "i-2"}
			},
			func(f *fleet) {
				f.enter("i-1", launch.Stopping)
				f.enter("i-1", launch.Stopped)
			}, 31 * time.Second, `TimedOut/Delivery Timed Out -1 "" ""`, []string{"i-2 go\n"},
		},
		"the instance is off for a while": {
			"go", nil, func(f *fleet) {
				f.enter("i-1", launch.Stopping)
				f.enter("i-1", launch.Running)
			}, time.Minute, `Success/Success 0 "out of i-1" ""`, []string{"i-1 go\n"},
		},
		"in a directory": {
			"go", func(in *sdk.SendCommandInput) {
				in.Parameters = map[string][]string{"commands": {"a", "b"}, "workingDirectory": {"/x y"}}
			}, nil, 4 * time.Second, `Success/Success 0 "out of i-1" ""`, []string{"i-1 cd '/x y' || exit 1\na\nb\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFleet(t, func(ctx context.Context, f *fleet) {
				time.Sleep(20 * time.Second)
				id := f.send(ctx, c.script, c.change)
				if c.after != nil {
					if c.want == never {
						time.Sleep(3 * time.Second)
					}
					c.after(f)
				}
				time.Sleep(c.within)
				if diff := cmp.Diff(c.want, f.status(ctx, id, "i-1")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.ran, f.ran); diff != "" {
					t.Errorf("what was run (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Commands are listed, the newest first, and found by their comment: the same one sent twice is two.
func TestListCommands(t *testing.T) {
	inFleet(t, func(ctx context.Context, f *fleet) {
		time.Sleep(20 * time.Second)
		var ids []string
		for _, instance := range []string{"i-1", "i-1", "i-2"} {
			ids = append(ids, f.send(ctx, "go", func(in *sdk.SendCommandInput) { in.InstanceIds, in.Comment = []string{instance}, aws.String("note") }))
		}
		list := func(change func(*sdk.ListCommandsInput)) (found []string) {
			in := &sdk.ListCommandsInput{}
			change(in)
			for pages := sdk.NewListCommandsPaginator(f.Client, in); pages.HasMorePages(); {
				page, err := pages.NextPage(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page.Commands {
					if *c.Comment != "note" || !slices.Contains(ids, *c.CommandId) || c.TargetCount != 1 {
						t.Errorf("a command %+v", c)
					}
					found = append(found, fmt.Sprintf("%d %s", slices.Index(ids, *c.CommandId), c.Status))
				}
			}
			return found
		}
		all := func(in *sdk.ListCommandsInput) { in.MaxResults = aws.Int32(2) }
		got := [][]string{list(all)}
		time.Sleep(10 * time.Second)
		got = append(got, list(all), list(func(in *sdk.ListCommandsInput) { in.InstanceId = aws.String("i-1") }),
			list(func(in *sdk.ListCommandsInput) { in.CommandId = &ids[2] }))
		time.Sleep(31 * 24 * time.Hour)
		got = append(got, list(all))
		want := [][]string{nil, {"2 Success", "1 Success", "0 Success"}, {"1 Success", "0 Success"}, {"2 Success"}, nil}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSendCommandRefuses(t *testing.T) {
	inFleet(t, func(ctx context.Context, f *fleet) {
		refused := func(what, want string, change func(*sdk.SendCommandInput)) {
			t.Helper()
			in := asked("go")
			change(in)
			f.acct.Lock()
			defer f.acct.Unlock()
			if _, err := f.sendCommand(ctx, in); code(t, err) != want {
				t.Errorf("%s: %v, want %s", what, err, want)
			}
		}
		refused("before it has registered", "InvalidInstanceId", func(*sdk.SendCommandInput) {})
		time.Sleep(20 * time.Second)
		for what, c := range map[string]struct {
			want   string
			change func(*sdk.SendCommandInput)
		}{
			"an instance without an agent": {"InvalidInstanceId", func(in *sdk.SendCommandInput) { in.InstanceIds = []string{"i-3"} }},
			"no such instance":             {"InvalidInstanceId", func(in *sdk.SendCommandInput) { in.InstanceIds = []string{"i-4"} }},
			"twice":                        {"DuplicateInstanceId", func(in *sdk.SendCommandInput) { in.InstanceIds = []string{"i-1", "i-1"} }},
			"to nobody":                    {"ValidationException", func(in *sdk.SendCommandInput) { in.InstanceIds = nil }},
			"a document":                   {"InvalidDocument", func(in *sdk.SendCommandInput) { in.DocumentName = aws.String("AWS-RunPatchBaseline") }},
			"no commands":                  {"InvalidParameters", func(in *sdk.SendCommandInput) { in.Parameters = nil }},
			"a parameter":                  {"InvalidParameters", func(in *sdk.SendCommandInput) { in.Parameters["x"] = []string{"y"} }},
			"no time":                      {"InvalidParameters", func(in *sdk.SendCommandInput) { in.Parameters["executionTimeout"] = []string{"0"} }},
			"too much time":                {"InvalidParameters", func(in *sdk.SendCommandInput) { in.Parameters["executionTimeout"] = []string{"172801"} }},
			"hardly any delivery":          {"ValidationException", func(in *sdk.SendCommandInput) { in.TimeoutSeconds = aws.Int32(29) }},
			"a long comment":               {"ValidationException", func(in *sdk.SendCommandInput) { in.Comment = aws.String(strings.Repeat("x", 101)) }},
		} {
			refused(what, c.want, c.change)
		}
		f.enter("i-1", launch.Stopping)
		if id := f.send(ctx, "go", nil); id == "" {
			t.Error("an instance that is stopping gets no command")
		}
		f.enter("i-1", launch.ShuttingDown)
		refused("an instance that ends", "InvalidInstanceId", func(*sdk.SendCommandInput) {})
		if len(f.ran) > 0 {
			t.Errorf("it ran %q", f.ran)
		}
	})
}

// What a script may take is real time where it really runs, however fast the account's time goes.
func TestLimitOfRealScripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{Speed: 60})
		defer acct.Close()
		s := New(acct)
		f := &fleet{Service: s, Client: client(s), t: t, states: map[string]string{}}
		s.Manage(Fleet{Run: f.run, Instance: func(id string) (Instance, bool) {
			i, ok := f.instance(id)
			i.Real = id == "i-1"
			return i, ok
		}})
		f.enter("i-1", launch.Running)
		f.enter("i-2", launch.Running)
		time.Sleep(time.Second)
		id := f.send(t.Context(), "hang", func(in *sdk.SendCommandInput) { in.InstanceIds = []string{"i-1", "i-2"} })
		var got []string
		for _, after := range []time.Duration{2 * time.Minute, time.Hour} {
			time.Sleep(after)
			got = append(got, f.status(t.Context(), id, "i-1"), f.status(t.Context(), id, "i-2"))
		}
		const never, late = `InProgress/In Progress -1 "" ""`, `TimedOut/Execution Timed Out -1 "" ""`
		if diff := cmp.Diff([]string{never, late, late, late}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
