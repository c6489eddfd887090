package journal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/step"
)

// TestForget takes away a run that has ended, and nothing else.
func TestForget(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		p := InParams(c.client, app)
		over, open := record(1, 0, strings.Repeat("x", 9000)), record(1, 0, "under way")
		over.Run, over.Phase = "over", step.Ended
		open.Run, open.Phase = "open", step.Running
		mustAppend(t, p, over, open)
		for _, run := range []string{"over", "open", "unknown", "over"} {
			if err := p.Forget(t.Context(), run); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Latest(t.Context(), "over"); !errors.Is(err, step.ErrNoRun) {
			t.Errorf("it is there still: %v", err)
		}
		mustBeLatest(t, p, open)
	})
}

// TestForgetOld keeps the newest runs, by their time and not by their names, and each that has not ended.
func TestForgetOld(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		p := InParams(c.client, app)
		for n := range 8 {
			r := record(1, n, strings.Repeat("x", 9000))
			r.Run, r.Phase, r.Time = fmt.Sprintf("run-%d", 7-n), step.Ended, r.Time.Add(time.Duration(n)*time.Hour)
			if n == 2 {
				r.Phase = step.Running
			}
			mustAppend(t, p, r)
		}
		neighbor := record(1, 0, "of another app")
		mustAppend(t, InParams(c.client, app+"2"), neighbor)
		mustAppend(t, InParams(c.client, app+"/bake"), neighbor)

		for _, round := range []struct {
			latest string
			keep   int
			want   []string
		}{
			{"run-0", 8, []string{"run-0", "run-1", "run-2", "run-3", "run-4", "run-5", "run-6", "run-7"}},
			{"run-7", 4, []string{"run-0", "run-1", "run-2", "run-5", "run-7"}}, // whose machine had its clock behind
			{"run-0", 3, []string{"run-0", "run-1", "run-2", "run-5"}},
			{"run-0", 3, []string{"run-0", "run-1", "run-2", "run-5"}},
		} {
			if err := p.ForgetOld(t.Context(), round.latest, round.keep); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(round.want, c.runs(t)); diff != "" {
				t.Errorf("runs when %d are kept (-want +got):\n%s", round.keep, diff)
			}
		}
		mustBeLatest(t, InParams(c.client, app+"2"), neighbor)
		mustBeLatest(t, InParams(c.client, app+"/bake"), neighbor)
	})
}

// TestForgetCutOff has the second of several calls fail: what is left of the run is known to have ended, and goes the next time.
func TestForgetCutOff(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		p := InParams(c.client, app)
		for n := range 25 {
			r := record(1, n, "x")
			if n == 24 {
				r.Phase = step.Ended
			}
			mustAppend(t, p, r)
		}
		c.front.Faults.Add(wire.Fault{Operation: "DeleteParameters", Nth: 2, Action: wire.ActionError, Code: "AccessDeniedException"})
		if err := p.ForgetOld(t.Context(), "none", 0); err == nil {
			t.Error("nothing is wrong with a call that was refused")
		}
		if diff := cmp.Diff([]string{run}, c.runs(t)); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
		if err := p.ForgetOld(t.Context(), "none", 0); err != nil {
			t.Fatal(err)
		}
		if left := c.runs(t); left != nil {
			t.Errorf("left is %q", left)
		}
	})
}

// runs are those of the app that are in the journal.
func (c *cloud) runs(t *testing.T) (all []string) {
	t.Helper()
	path := "/bluegreen/" + app + "/deployments/"
	found, err := c.client.List(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		run, _, _ := strings.Cut(strings.TrimPrefix(f.Name, path), "/")
		all = append(all, run)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
