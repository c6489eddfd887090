package step_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bluegreen/internal/step"
)

// ending is all that a run leaves.
type ending struct {
	Outcome step.Outcome
	Failed  bool // the process that saw the end came back with an error
	Left    map[string]effect
	Made    []string
	Journal step.Outcome
}

// carry runs a deployment from where the journal ends, as a new process does; undo takes it back instead.
func carry(w *world, scripts []script, epoch int64, undo bool) (r *step.Runner[state], err error) {
	r = &step.Runner[state]{Store: w.store, Steps: w.steps(scripts)}
	record, err := w.store.Latest(context.Background(), run)
	switch {
	case errors.Is(err, step.ErrNoRun):
		r.Begin(run, "test", epoch)
	case record.Phase == step.Ended:
		r.State = state{}
		return r, r.Continue(record, record.Epoch)
	default:
		if err := r.Continue(record, epoch); err != nil {
			return r, err
		}
	}
	if undo {
		return r, r.Undo(context.Background(), "commanded")
	}
	return r, r.Run(context.Background())
}

// finish lets processes carry a run until one of them sees its end; the first dies at moment crash, if ever.
func finish(t *rapid.T, w *world, scripts []script, crash int, undo bool) (ending, int) {
	var r *step.Runner[state]
	var err error
	processes := 0
	w.crash = w.tick + crash
	if crash == 0 {
		w.crash = 0
	}
	for {
		if processes++; processes > 10 {
			t.Fatal("no end after ten processes")
		}
		if !w.live(func() { r, err = carry(w, scripts, int64(processes), undo) }) {
			break
		}
	}
	stored, latestErr := w.store.Latest(context.Background(), run)
	if latestErr != nil {
		t.Fatal(latestErr)
	}
	return ending{
		Outcome: r.Record().Outcome, Failed: err != nil, Left: w.left(), Made: r.State.Made, Journal: stored.Outcome,
	}, processes
}

func scripts(t *rapid.T) []script {
	list := make([]script, rapid.IntRange(1, 5).Draw(t, "steps"))
	for i := range list {
		list[i] = script{
			Name:   string(rune('a' + i)),
			NoUndo: rapid.IntRange(0, 3).Draw(t, "undo") == 0,
		}
	}
	some := func(label string) *script {
		if i := rapid.IntRange(-1, len(list)-1).Draw(t, label); i >= 0 {
			return &list[i]
		}
		return &script{}
	}
	some("fails").Fails = true
	some("bad undo").BadUndo = true
	some("commit").Commit = true
	return list
}

// The step that was under way is called again, so that its effect is there once however often it was cut off.
func TestRunThatIsKilledAnywhereEndsAsIfItWasNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := scripts(t)
		whole := newWorld()
		want, _ := finish(t, whole, list, 0, false)
		moments := whole.tick
		for crash := 1; crash <= moments; crash++ {
			w := newWorld()
			got, processes := finish(t, w, list, crash, false)
			// The end of the run is the last record; a process that dies right after it leaves the next one nothing to do.
			if got.Failed != want.Failed && processes > 1 && crash == moments {
				got.Failed = want.Failed
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("killed at moment %d of %d: %s\n%v", crash, moments, diff, w.trace)
			}
			if len(w.faults) > 0 {
				t.Fatalf("killed at moment %d of %d: %v\n%v", crash, moments, w.faults, w.trace)
			}
		}
	})
}

// A run that was killed can be undone in place of being resumed, and be killed again in the middle of that.
func TestRunThatIsKilledAnywhereCanBeUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := scripts(t)
		for i := range list {
			list[i].Fails, list[i].BadUndo = false, false
		}
		whole := newWorld()
		if _, err := carry(whole, list, 1, false); err != nil {
			t.Fatal(err)
		}
		for first := 1; first < whole.tick; first++ { // after the last moment it has ended
			second := rapid.IntRange(0, 12).Draw(t, "second")
			w := newWorld()
			w.crash = first
			if !w.live(func() { _, _ = carry(w, list, 1, false) }) {
				t.Fatalf("not killed at moment %d", first)
			}
			record, err := w.store.Latest(context.Background(), run)
			if err != nil {
				continue // killed before anything was stored: nothing has been done, either
			}
			if committed(list, record) {
				mustRefuse(t, w, list)
				continue
			}
			w.trace = nil
			if second > 0 {
				w.crash = w.tick + second
			}
			for epoch := int64(2); w.live(func() { _, err = carry(w, list, epoch, true) }); epoch++ {
				w.crash = 0
			}
			if err != nil {
				t.Fatalf("killed at %d: undo: %v", first, err)
			}
			mustBeUndone(t, w, list, record)
		}
	})
}

func committed(list []script, record step.Record) bool {
	return slices.ContainsFunc(list, func(s script) bool { return s.Commit && record.Steps[s.Name] != "" })
}

func mustRefuse(t *rapid.T, w *world, list []script) {
	before := len(w.store.places)
	w.trace, w.crash = nil, 0
	if _, err := carry(w, list, 2, true); !errors.Is(err, step.ErrCommitted) {
		t.Fatalf("undo of a run past its point of no return: %v", err)
	}
	if len(w.trace) > 0 || len(w.store.places) != before {
		t.Fatalf("a refused undo did %v", w.trace)
	}
}

// mustBeUndone checks that an undo took back what was begun, and nothing else, from the last step on.
func mustBeUndone(t *rapid.T, w *world, list []script, begun step.Record) {
	want := []string{}
	for _, s := range slices.Backward(list) {
		if begun.Steps[s.Name] != "" && !s.NoUndo {
			want = append(want, "undo "+s.Name)
		}
		if !s.NoUndo && w.effects[s.Name] != none {
			t.Fatalf("%s is left: %v", s.Name, w.effects)
		}
	}
	// An undo that was cut off is called again: the same name twice in a row.
	if diff := cmp.Diff(want, slices.Compact(w.trace)); diff != "" && len(want) > 0 {
		t.Fatal(diff)
	}
	if len(w.faults) > 0 {
		t.Fatal(w.faults)
	}
	record, err := w.store.Latest(context.Background(), run)
	if got := fmt.Sprint(record.Phase, " ", record.Outcome, " ", record.Cause); err != nil || got != "ended failed-clean commanded" {
		t.Fatalf("the journal says %s (%v)", got, err)
	}
}

// A journal that fails for a while, with or without having stored what it was given, keeps no effect in the world that
// the run should have taken back.
func TestJournalThatFailsDoesNotStopAnUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := scripts(t)
		for i := range list {
			list[i].Fails, list[i].BadUndo, list[i].Commit = false, false, false
		}
		list[len(list)-1].Fails = true
		broken := rapid.IntRange(0, len(list)-1).Draw(t, "broken before")
		lies := rapid.Bool().Draw(t, "stores all the same")

		w := newWorld()
		r := &step.Runner[state]{Store: w.store, Steps: w.steps(list)}
		do := r.Steps[broken].Do
		r.Steps[broken].Do = func(ctx context.Context, s *state) error {
			w.store.broken, w.store.lies = true, lies
			return do(ctx, s)
		}
		r.Begin(run, "test", 1)
		err := r.Run(context.Background())
		if err == nil {
			t.Fatal("no error")
		}
		for _, s := range list {
			if !s.NoUndo && w.effects[s.Name] != none {
				t.Fatalf("%s is left: %v\n%v", s.Name, w.effects, w.trace)
			}
		}
		if !errors.Is(err, errJournal) {
			t.Fatalf("nobody is told that the journal is behind: %v", err)
		}
	})
}
