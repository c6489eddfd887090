package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

type accountKey struct{}

// scriptAccount is the account of one script.
type scriptAccount struct {
	lab    *lab.Lab
	marked uint64 // calls that were looked at already
	guests guests
}

func accountOf(ts *testscript.TestScript) *scriptAccount {
	a := ts.Value(accountKey{}).(*scriptAccount)
	if a.lab == nil {
		ts.Fatalf("the script has no account yet")
	}
	return a
}

// scriptSpeed is so high that AWS's own delays are next to nothing. The shortest TTL there is remains: a second.
const scriptSpeed = 300

// cmdAccount makes the account and sets the environment:
//
//	account [blue-only] [green=VERSION] [VERSION=BEHAVIOR]…
func cmdAccount(ts *testscript.TestScript, _ bool, args []string) {
	spec := stack.Spec{HookSeconds: 30, Behaviors: map[string]string{}}
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "blue-only":
			spec.BlueOnly = true
		case "green":
			spec.GreenVersion = value
		default:
			spec.Behaviors[key] = value
		}
	}
	l, err := lab.Open(context.Background(), ts.MkAbs("account"), lab.Options{Spec: spec, Speed: scriptSpeed, Seed: 1})
	ts.Check(err)
	ts.Defer(l.Close)
	for _, v := range l.Environment() {
		ts.Setenv(v.Name, v.Value)
	}
	for version, image := range l.Made.Images {
		ts.Setenv("AMI_"+strings.ToUpper(strings.ReplaceAll(version, "-", "_")), image)
	}
	ts.Setenv("ZONE_ID", l.Made.ZoneID)
	a := ts.Value(accountKey{}).(*scriptAccount)
	a.lab, a.marked = l, l.Sandbox.Front.Calls.Count()
}

// cmdFault makes calls go wrong, or right again:
//
//	fault SERVICE OPERATION ACTION [times=N] [nth=N] [code=CODE] [status=N]
//	fault clear
//
// A service or an operation of * is all of them.
func cmdFault(ts *testscript.TestScript, _ bool, args []string) {
	faults := &accountOf(ts).lab.Sandbox.Front.Faults
	if len(args) == 1 && args[0] == "clear" {
		faults.Clear()
		return
	}
	if len(args) < 3 {
		ts.Fatalf("usage: fault SERVICE OPERATION ACTION [times=N] [nth=N] [code=CODE] [status=N]")
	}
	f := wire.Fault{Service: strings.TrimPrefix(args[0], "*"), Operation: strings.TrimPrefix(args[1], "*"), Action: wire.Action(args[2]), Message: "so the script wants it"}
	for _, arg := range args[3:] {
		key, value, _ := strings.Cut(arg, "=")
		n, _ := strconv.Atoi(value)
		switch key {
		case "times":
			f.Times = n
		case "nth":
			f.Nth = n
		case "code":
			f.Code = value
		case "status":
			f.Status = n
		default:
			ts.Fatalf("fault: what is %q?", arg)
		}
	}
	faults.Add(f)
}

// cmdMutations prints the calls that changed something since the last time, one a line: service, operation. Those of the
// journal and the lease, which come with every step, are left out unless all are asked for:
//
//	mutations [all] [sorted]
//
// Calls that go side by side come in any order, so that it takes sorting to compare them.
func cmdMutations(ts *testscript.TestScript, _ bool, args []string) {
	a := accountOf(ts)
	var lines []string
	for _, c := range a.lab.Sandbox.Front.Calls.Since(a.marked) {
		a.marked = c.Seq
		if mutates(c) && (c.Service != "ssm" || slices.Contains(args, "all")) {
			lines = append(lines, c.Service+" "+c.Operation)
		}
	}
	if len(lines) == 0 {
		lines = []string{"none"}
	}
	if slices.Contains(args, "sorted") {
		slices.Sort(lines)
	}
	fmt.Fprintln(ts.Stdout(), strings.Join(lines, "\n"))
}

// mutates says whether a call changed something.
func mutates(c wire.Call) bool {
	for _, prefix := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(c.Operation, prefix) {
			return false
		}
	}
	return c.Code == ""
}

// awaitLimit is how long a script waits for anything.
const awaitLimit = 90 * time.Second

// cmdAwait waits until the account is so:
//
//	await COLOR WEIGHT       a color has a weight
//	await healthy COLOR N    N targets of a color are healthy
//	await step STEP          the newest deployment is at a step: "doing watch-1"
//	await synced             each name server has the newest change
//	await faults N           N calls went wrong
//	await called OPERATION N it was called N times, and done
func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	l := accountOf(ts).lab
	app, err := l.App("the script", nil)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), awaitLimit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !reached(ctx, ts, l, app, args) {
		select {
		case <-ctx.Done():
			ts.Fatalf("await %s: it did not come in %s", strings.Join(args, " "), awaitLimit)
		case <-tick.C:
		}
	}
}

func reached(ctx context.Context, ts *testscript.TestScript, l *lab.Lab, app *bluegreen.App, args []string) bool {
	if args[0] == "faults" {
		struck := 0
		for _, c := range l.Sandbox.Front.Calls.Since(0) {
			if c.Fault != "" {
				struck++
			}
		}
		return struck >= number(ts, args[1])
	}
	if args[0] == "called" {
		done := 0
		for _, c := range l.Sandbox.Front.Calls.Since(0) {
			if c.Operation == args[1] && c.Code == "" {
				done++
			}
		}
		return done >= number(ts, args[2])
	}
	st := app.Status(ctx)
	if args[0] == "synced" {
		return !slices.ContainsFunc(st.Servers, func(s bluegreen.ServerStatus) bool { return !s.Current })
	}
	for _, c := range st.Colors {
		switch {
		case args[0] == string(c.Color):
			return c.Weight != nil && *c.Weight == number(ts, args[1])
		case args[0] == "healthy" && args[1] == string(c.Color):
			return c.Healthy == number(ts, args[2])
		}
	}
	return args[0] == "step" && st.Deployment != nil && st.Deployment.Step == strings.Join(args[1:], " ")
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}
