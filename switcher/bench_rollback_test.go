package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/config"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// BenchmarkRollback measures from the start of the process to the moment in which Route 53 has the weights back.
func BenchmarkRollback(b *testing.B) {
	switcher := program(b)
	l := openLab(b, stack.Spec{}, instant)
	var starts, walls []time.Duration
	for range 20 {
		begun := time.Now()
		if err := command(l, switcher, "version").Run(); err != nil {
			b.Fatal(err)
		}
		starts = append(starts, time.Since(begun))
	}
	var calls []string
	for range 5 {
		holdGreen(b, l)
		wall, before := timeRollback(b, l, switcher)
		walls, calls = append(walls, wall), before
	}
	start, wall := median(starts), median(walls)
	rows := [][]string{
		{"", "median", ""},
		{"process start (switcher version)", ms(start), verdict(start, 30*time.Millisecond, 1)},
		{"switcher rollback until the weights are back", ms(wall), verdict(wall, time.Duration(len(calls))*latency, allowed)},
	}
	rows = append(rows, commandLine(b, l))
	table(fmt.Sprintf("rollback at %s a call: %s", latency, strings.Join(calls, ", then ")), rows...)
	b.ReportMetric(float64(wall)/float64(2*latency), "×2calls")
	b.ReportMetric(float64(start)/float64(time.Millisecond), "ms-start")
}

// holdGreen brings all traffic to green, and leaves the deployment in its hold, as a killed process does.
func holdGreen(b *testing.B, l *lab.Lab) {
	b.Helper()
	fast(l)
	ctx, kill := context.WithCancel(b.Context())
	defer kill()
	app, err := l.App("the bench", reporter(func(e bluegreen.Event) {
		if e.Event == bluegreen.StepBegan && e.Step == "hold" {
			kill()
		}
	}), func(c *bluegreen.Config) {
		c.Rollout = bluegreen.RolloutConfig{Strategy: "all-at-once", Step: 10, Hold: config.Duration(time.Hour)}
	})
	if err != nil {
		b.Fatal(err)
	}
	shifts, err := app.Config.Rollout.Shifts()
	if err != nil {
		b.Fatal(err)
	}
	plan, err := app.PlanCutover(ctx, bluegreen.CutoverOptions{To: traffic.Green, Rollout: shifts})
	if err == nil {
		err = app.Cutover(ctx, plan)
	}
	if ctx.Err() == nil || b.Context().Err() != nil {
		b.Fatalf("the cutover did not come to its hold: %v", err)
	}
}

// reporter is a function that gets the events of a process.
type reporter func(bluegreen.Event)

func (r reporter) Report(e bluegreen.Event) { r(e) }

// timeRollback runs the command. It returns when the weights were back, and the calls until then.
func timeRollback(b *testing.B, l *lab.Lab, switcher string) (time.Duration, []string) {
	b.Helper()
	slow(l)
	defer fast(l)
	back := make(chan time.Time, 1)
	var calls []string
	from := l.Sandbox.Front.Calls.Count()
	stop := l.Sandbox.Front.Calls.Observe(func(c wire.Call) {
		if c.Operation == "ChangeResourceRecordSets" {
			select {
			case back <- time.Now():
			default: // it writes the fence later on
			}
		}
	})
	defer stop()
	begun := time.Now()
	cmd := command(l, switcher, "rollback", "--yes")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("switcher rollback: %v\n%s", err, out)
	}
	wall := (<-back).Sub(begun)
	for _, c := range l.Sandbox.Front.Calls.Since(from) {
		calls = append(calls, c.Service+" "+c.Operation)
		if c.Operation == "ChangeResourceRecordSets" {
			break
		}
	}
	if len(calls) != 2 {
		b.Errorf("before the weights are back it makes %d calls, not a read and a write: %v", len(calls), calls)
	}
	return wall, calls
}

// commandLine times the two commands of the aws CLI that do the same.
func commandLine(b *testing.B, l *lab.Lab) []string {
	b.Helper()
	const what = "two commands of the aws CLI"
	aws, err := exec.LookPath("aws")
	if err != nil {
		return []string{what, "absent", "aws is not installed on this machine"}
	}
	slow(l)
	defer fast(l)
	var walls []time.Duration
	for range 3 {
		wall, err := timeCommandLine(b, l, aws)
		if err != nil {
			return []string{what, "failed", err.Error()}
		}
		walls = append(walls, wall)
	}
	wall := median(walls)
	return []string{what, ms(wall), fmt.Sprintf("%.1f × %s, without a fence, a check or a journal", float64(wall)/float64(2*latency), ms(2*latency))}
}

// timeCommandLine lists the records, and sends all weighted ones again as they are.
func timeCommandLine(b *testing.B, l *lab.Lab, aws string) (time.Duration, error) {
	b.Helper()
	begun := time.Now()
	out, err := command(l, aws, "route53", "list-resource-record-sets", "--hosted-zone-id", l.Made.ZoneID, "--output", "json").Output()
	if err != nil {
		return 0, exitText(err)
	}
	var listed struct{ ResourceRecordSets []map[string]any }
	if err := json.Unmarshal(out, &listed); err != nil {
		return 0, err
	}
	var changes []map[string]any
	for _, r := range listed.ResourceRecordSets {
		if r["Weight"] != nil {
			changes = append(changes, map[string]any{"Action": "UPSERT", "ResourceRecordSet": r})
		}
	}
	batch, err := json.Marshal(map[string]any{"Changes": changes})
	if err != nil {
		return 0, err
	}
	file := filepath.Join(b.TempDir(), "batch.json")
	if err := os.WriteFile(file, batch, 0o600); err != nil {
		return 0, err
	}
	_, err = command(l, aws, "route53", "change-resource-record-sets", "--hosted-zone-id", l.Made.ZoneID, "--change-batch", "file://"+file).Output()
	return time.Since(begun), exitText(err)
}

// exitText is the error of a command with what it said.
func exitText(err error) error {
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exited.Stderr)))
	}
	return err
}
