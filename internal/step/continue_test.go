package step_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/step"
)

func TestContinue(t *testing.T) {
	record := func(change func(*step.Record)) step.Record {
		r := step.Record{
			Version: step.RecordVersion, Run: run, Epoch: 3, Seq: 7, Phase: step.Running,
			Steps: map[string]step.Status{"a": step.Done}, State: json.RawMessage(`{"made":["a"]}`),
		}
		change(&r)
		return r
	}
	t.Run("starts from a fresh state", func(t *testing.T) {
		r := step.Runner[state]{State: state{Made: []string{"x", "y"}}}
		if err := r.Continue(record(func(r *step.Record) { r.State = json.RawMessage(`{}`) }), 4); err != nil || r.State.Made != nil {
			t.Errorf("%v, %v", r.State, err)
		}
	})
	t.Run("numbers begin anew in a new epoch only", func(t *testing.T) {
		for epoch, want := range map[int64]string{3: "3/8", 4: "4/0"} {
			w := newWorld()
			r := step.Runner[state]{Store: w.store}
			if err := r.Continue(record(func(*step.Record) {}), epoch); err != nil {
				t.Fatal(err)
			}
			if err := r.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%d/%d", r.Record().Epoch, r.Record().Seq); got != want {
				t.Errorf("epoch %d: %s, want %s", epoch, got, want)
			}
		}
	})
	t.Run("leaves the record that it got alone", func(t *testing.T) {
		old := record(func(*step.Record) {})
		r := step.Runner[state]{}
		if err := r.Continue(old, 4); err != nil {
			t.Fatal(err)
		}
		r.MarkDone(step.Step[state]{Name: "b"})
		r.Record().Steps["c"] = step.Done
		if len(old.Steps) != 1 || r.StatusOf("b") != step.Done || r.StatusOf("c") != "" {
			t.Errorf("%v, %v", old.Steps, r.Record().Steps)
		}
	})
	t.Run("refuses what it cannot read", func(t *testing.T) {
		for want, change := range map[string]func(*step.Record){
			"run 20260101-000000-abcdef was written by another release (version 2, this one reads 1)":            func(r *step.Record) { r.Version = 2 },
			"read the state of run 20260101-000000-abcdef: invalid character 'x' looking for beginning of value": func(r *step.Record) { r.State = json.RawMessage("x") },
		} {
			r := step.Runner[state]{State: state{Made: []string{"x"}}}
			if err := r.Continue(record(change), 4); text(err) != want || len(r.State.Made) != 1 {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

// The steps of a run that another release has begun are neither skipped nor left behind without a word.
func TestStepsThatThisReleaseDoesNotKnow(t *testing.T) {
	const want = `run 20260101-000000-abcdef has a step "b", which this release does not know: go on with the release that began it`
	old, now := []script{{Name: "a"}, {Name: "b"}, {Name: "c", StopsRun: taken{}}}, []script{{Name: "a"}, {Name: "c"}}

	w := newWorld()
	_, _ = carry(w, old, 1, false)
	w.trace = nil
	if _, err := carry(w, now, 2, false); text(err) != want || len(w.trace) > 0 {
		t.Errorf("resume: %v, %v", err, w.trace)
	}
	r, err := carry(w, now, 3, true)
	if text(err) != want || r.Record().Outcome != step.FailedDirty {
		t.Errorf("undo: %v, %s", err, r.Record().Outcome)
	}
	if diff := cmp.Diff([]string{"undo c", "undo a"}, w.trace); diff != "" {
		t.Error(diff)
	}
	if _, err := carry(w, old, 4, false); text(err) != "commanded" {
		t.Errorf("undo with the release that knows: %v", err)
	}
	if len(w.left()) > 0 {
		t.Errorf("left: %v", w.left())
	}
}

func TestObserver(t *testing.T) {
	w := newWorld()
	var got told
	r := step.Runner[state]{Store: w.store, Steps: w.steps([]script{{Name: "a"}, {Name: "b", Fails: true}}), Observer: &got}
	r.Begin(run, "test", 1)
	_ = r.Run(t.Context())
	want := told{
		"a (make a) begins, undo=false", "a ends, undo=false: <nil>", "b (make b) begins, undo=false", "b ends, undo=false: broken",
		"b (undo: make b) begins, undo=true", "b ends, undo=true: <nil>", "a (undo: make a) begins, undo=true", "a ends, undo=true: <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
