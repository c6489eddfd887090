package step_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/step"
)

// taken stops a run: somebody else has it.
type taken struct{}

func (taken) Error() string  { return "taken over" }
func (taken) StopsRun() bool { return true }

// told writes down what an observer is told.
type told []string

func (o *told) StepBegins(name, title string, undo bool) {
	*o = append(*o, fmt.Sprintf("%s (%s) begins, undo=%v", name, title, undo))
}

func (o *told) StepEnds(name, _ string, undo bool, err error) {
	*o = append(*o, fmt.Sprintf("%s ends, undo=%v: %v", name, undo, err))
}

func TestRun(t *testing.T) {
	ok := func(name string) script { return script{Name: name} }
	fails := func(name string) script { return script{Name: name, Fails: true} }
	type result struct {
		Trace   []string
		Left    map[string]effect
		Records []string
		Err     string
		Outcome step.Outcome
	}
	for name, c := range map[string]struct {
		scripts []script
		served  bool
		want    result
	}{
		"succeeds": {[]script{ok("a"), ok("b")}, false, result{
			[]string{"do a", "do b"}, map[string]effect{"a": whole, "b": whole},
			[]string{"running map[a:doing]", "running map[a:done b:doing]", "ended map[a:done b:done]"},
			"", step.Succeeded,
		}},
		"fails and is undone": {[]script{ok("a"), {Name: "b", NoUndo: true}, fails("c"), ok("d")}, false, result{
			[]string{"do a", "do b", "do c", "undo c", "undo a"}, map[string]effect{"b": whole},
			[]string{
				"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:done c:doing]",
				"undoing map[a:done b:done c:undoing]", "undoing map[a:undoing b:done c:undone]", "ended map[a:undone b:done c:undone]",
			},
			"c: broken", step.FailedClean,
		}},
		"fails after others have seen it": {[]script{fails("a")}, true, result{
			[]string{"do a", "undo a"}, map[string]effect{},
			[]string{"running map[a:doing]", "undoing map[a:undoing]", "ended map[a:undone]"}, "a: broken", step.RolledBack,
		}},
		"cannot be undone": {[]script{ok("a"), {Name: "b", BadUndo: true}, fails("c")}, false, result{
			[]string{"do a", "do b", "do c", "undo c", "undo b"}, map[string]effect{"a": whole, "b": half},
			[]string{
				"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:done c:doing]",
				"undoing map[a:done b:done c:undoing]", "undoing map[a:done b:undoing c:undone]", "undoing map[a:done b:undoing c:undone]",
			},
			"c: broken\nundo b: broken", step.FailedDirty,
		}},
		"fails past the point of no return": {[]script{ok("a"), {Name: "b", Commit: true}, fails("c")}, true, result{
			[]string{"do a", "do b", "do c"}, map[string]effect{"a": whole, "b": whole, "c": half},
			[]string{
				"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:done c:doing]", "running map[a:done b:done c:doing]",
			},
			"c: broken\nthe run is past its point of no return", step.FailedDirty,
		}},
		"fails at the point of no return": {[]script{ok("a"), {Name: "b", Commit: true, Fails: true}}, true, result{
			[]string{"do a", "do b"}, map[string]effect{"a": whole, "b": half},
			[]string{"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:doing]"},
			"b: broken\nthe run is past its point of no return", step.FailedDirty,
		}},
		"waits for somebody": {[]script{ok("a"), {Name: "b", StopsRun: &step.Wait{Reason: "approval"}}}, true, result{
			[]string{"do a", "do b"}, map[string]effect{"a": whole, "b": half},
			[]string{"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:doing]"}, "b: waiting: approval", "",
		}},
		"is taken over": {[]script{ok("a"), {Name: "b", StopsRun: fmt.Errorf("move weights: %w", taken{})}}, true, result{
			[]string{"do a", "do b"}, map[string]effect{"a": whole, "b": half},
			[]string{"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:doing]"}, "b: move weights: taken over", "",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			r := step.Runner[state]{Store: w.store, Steps: w.steps(c.scripts), Served: func(*state) bool { return c.served }}
			r.Begin(run, "test", 1)
			err := r.Run(t.Context())
			got := result{w.trace, w.left(), w.store.order, text(err), r.Record().Outcome}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(w.faults) > 0 {
				t.Error(w.faults)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A context that ends leaves the record at the step that was under way, stored although the context has ended.
func TestRunThatIsInterrupted(t *testing.T) {
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	steps := w.steps([]script{{Name: "a"}, {Name: "b"}, {Name: "c"}})
	do := steps[1].Do
	steps[1].Do = func(ctx context.Context, s *state) error {
		cancel()
		return errors.Join(do(ctx, s), ctx.Err())
	}
	r := step.Runner[state]{Store: w.store, Steps: steps}
	r.Begin(run, "test", 1)
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	want := []string{"running map[a:doing]", "running map[a:done b:doing]", "running map[a:done b:doing]"}
	if diff := cmp.Diff(want, w.store.order); diff != "" {
		t.Error(diff)
	}
	if _, err := carry(w, []script{{Name: "a"}, {Name: "b"}, {Name: "c"}}, 2, false); err != nil {
		t.Errorf("resume: %v", err)
	}
	if diff := cmp.Diff([]string{"do a", "do b", "do b", "do c"}, w.trace); diff != "" {
		t.Error(diff)
	}
}

// An interrupt in the middle of an undo leaves that for a resume, whose error is why the run is being undone.
func TestUndoThatIsInterruptedIsResumed(t *testing.T) {
	w := newWorld()
	list := []script{{Name: "a"}, {Name: "b"}, {Name: "c", Fails: true}}
	steps := w.steps(list)
	steps[1].Undo = func(context.Context, *state) error { return taken{} }
	r := step.Runner[state]{Store: w.store, Steps: steps}
	r.Begin(run, "test", 1)
	if err := r.Run(t.Context()); text(err) != "c: broken\nundo b: taken over" {
		t.Errorf("got %v", err)
	}
	if r.Record().Phase != step.Undo || r.Record().Outcome != "" {
		t.Errorf("it has ended: %+v", r.Record())
	}
	w.trace = nil
	next, err := carry(w, list, 2, false)
	if text(err) != "c: broken" || next.Record().Outcome != step.FailedClean {
		t.Errorf("resume: %v, %s", err, next.Record().Outcome)
	}
	if diff := cmp.Diff([]string{"undo b", "undo a"}, w.trace); diff != "" {
		t.Error(diff)
	}
}

// What could not be undone can be tried again, and what could not be finished past the point of no return as well.
func TestDirtyEndsAreResumed(t *testing.T) {
	for name, c := range map[string]struct {
		list, mended []script
		want         step.Outcome
		trace        []string
	}{
		"an undo": {
			[]script{{Name: "a"}, {Name: "b", BadUndo: true}, {Name: "c", Fails: true}},
			[]script{{Name: "a"}, {Name: "b"}, {Name: "c", Fails: true}},
			step.FailedClean, []string{"undo b", "undo a"},
		},
		"past the point of no return": {
			[]script{{Name: "a"}, {Name: "b", Commit: true}, {Name: "c", Fails: true}},
			[]script{{Name: "a"}, {Name: "b", Commit: true}, {Name: "c"}},
			step.Succeeded, []string{"do c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			if r, err := carry(w, c.list, 1, false); err == nil || r.Record().Outcome != step.FailedDirty {
				t.Fatalf("%v, %s", err, r.Record().Outcome)
			}
			w.trace = nil
			r, _ := carry(w, c.mended, 2, false)
			if r.Record().Outcome != c.want {
				t.Errorf("it ended %s", r.Record().Outcome)
			}
			if diff := cmp.Diff(c.trace, w.trace); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRunThatHasEnded(t *testing.T) {
	w := newWorld()
	list := []script{{Name: "a"}}
	r, err := carry(w, list, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); text(err) != "run 20260101-000000-abcdef has ended: succeeded" {
		t.Errorf("run again: %v", err)
	}
	// It can still be rolled back.
	if err := r.Undo(t.Context(), "commanded"); err != nil || len(w.left()) > 0 || r.Record().Outcome != step.FailedClean {
		t.Errorf("undo: %v, %v, %s", err, w.left(), r.Record().Outcome)
	}
}

// The intent of a point of no return that could not be stored commits to nothing.
func TestPointOfNoReturnThatWasNotJournaled(t *testing.T) {
	w := newWorld()
	steps := w.steps([]script{{Name: "a"}, {Name: "b", Commit: true}})
	do := steps[0].Do
	steps[0].Do = func(ctx context.Context, s *state) error {
		w.store.broken = true
		return do(ctx, s)
	}
	r := step.Runner[state]{Store: w.store, Steps: steps}
	r.Begin(run, "test", 1)
	err := r.Run(t.Context())
	if diff := cmp.Diff([]string{"do a", "undo a"}, w.trace); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(err, errJournal) || errors.Is(err, step.ErrCommitted) || r.Record().Outcome != step.FailedClean {
		t.Errorf("got %v, %s", err, r.Record().Outcome)
	}
}

// A journal that says that somebody else writes to it stops a run, and its undo.
func TestJournalThatIsTakenStopsTheRun(t *testing.T) {
	w := newWorld()
	r := step.Runner[state]{Store: takenStore{w.store}, Steps: w.steps([]script{{Name: "a"}})}
	r.Begin(run, "test", 1)
	if err := r.Run(t.Context()); !errors.As(err, &taken{}) {
		t.Errorf("run: %v", err)
	}
	r.MarkDone(r.Steps...)
	if err := r.Undo(t.Context(), "commanded"); !errors.As(err, &taken{}) {
		t.Errorf("undo: %v", err)
	}
	if len(w.trace) > 0 {
		t.Errorf("it did %v", w.trace)
	}
}

type takenStore struct{ *memory }

func (takenStore) Append(context.Context, step.Record) error { return taken{} }

// A journal that takes longer than a process may live after an interrupt does not keep it.
func TestStoppedRunDoesNotWaitForTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		ctx, cancel := context.WithCancel(t.Context())
		r := step.Runner[state]{Store: &slowStore{memory: w.store, after: 1}, Steps: w.steps([]script{{Name: "a", StopsRun: taken{}}})}
		r.Begin(run, "test", 1)
		cancelLater := r.Steps[0].Do
		r.Steps[0].Do = func(ctx context.Context, s *state) error {
			cancel()
			return cancelLater(ctx, s)
		}
		begun := time.Now()
		if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// A journal that does not answer does not keep an undo for long.
func TestUndoDoesNotWaitForTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		r := step.Runner[state]{Store: &slowStore{memory: w.store, after: 2}, Steps: w.steps([]script{{Name: "a"}, {Name: "b", Fails: true}})}
		r.Begin(run, "test", 1)
		begun := time.Now()
		var undone []time.Duration
		for i, undo := range []func(context.Context, *state) error{r.Steps[0].Undo, r.Steps[1].Undo} {
			r.Steps[i].Undo = func(ctx context.Context, s *state) error {
				undone = append(undone, time.Since(begun))
				w.store.broken = true // so that nobody looks for the intent
				return undo(ctx, s)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || r.Record().Outcome != step.FailedClean {
			t.Errorf("got %v, %s", err, r.Record().Outcome)
		}
		if diff := cmp.Diff([]time.Duration{10 * time.Second, 20 * time.Second}, undone); diff != "" || len(w.left()) > 0 {
			t.Errorf("left %v %s", w.left(), diff)
		}
	})
}

// A run that was cut off after its last step, but before it could say so, is closed without another look at its steps.
func TestClose(t *testing.T) {
	for name, c := range map[string]struct {
		phase step.Phase
		want  step.Outcome
	}{"forward": {step.Running, step.Succeeded}, "back": {step.Undo, step.FailedClean}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			r := step.Runner[state]{Store: w.store, Steps: w.steps([]script{{Name: "a"}})}
			err := r.Continue(step.Record{
				Version: step.RecordVersion, Run: run, Epoch: 1, Seq: 4, Phase: c.phase,
				Steps: map[string]step.Status{"a": step.Doing}, State: json.RawMessage(`{}`),
			}, 2)
			if err := errors.Join(err, r.Close(t.Context())); err != nil {
				t.Fatal(err)
			}
			record, err := w.store.Latest(t.Context(), run)
			if got := fmt.Sprint(record.Phase, " ", record.Outcome, " ", err, " ", w.trace); got != fmt.Sprintf("ended %s <nil> []", c.want) {
				t.Error(got)
			}
		})
	}
}

// slowStore does not answer after some records.
type slowStore struct {
	*memory
	after int
}

func (s *slowStore) Append(ctx context.Context, r step.Record) error {
	if s.after--; s.after >= 0 {
		return s.memory.Append(ctx, r)
	}
	<-ctx.Done()
	return ctx.Err()
}
