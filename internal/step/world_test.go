package step_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"bluegreen/internal/step"
)

// state is what the runs of these tests remember.
type state struct {
	Made []string `json:"made"` // the steps that came to their end, in order
}

// effect is how much of a step there is in the world: nothing, a part, or all of it.
type effect int

const (
	none effect = iota
	half
	whole
)

// world is what steps work on. It outlives the processes that die in it.
type world struct {
	effects map[string]effect
	trace   []string // "do a", "undo a": each time a step was called
	faults  []string // broken rules

	tick  int // moments so far
	crash int // the moment at which the process dies; 0: never
	store *memory
}

func newWorld() *world {
	w := &world{effects: map[string]effect{}}
	w.store = &memory{world: w, places: map[place]string{}}
	return w
}

// killed is how a process dies: nothing that it would have done after that happens.
type killed struct{}

// moment is a point at which a process can die.
func (w *world) moment() {
	if w.tick++; w.tick == w.crash {
		panic(killed{})
	}
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// live runs a process until it ends or dies.
func (w *world) live(process func()) (died bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, died = p.(killed); !died {
				panic(p)
			}
		}
	}()
	process()
	return false
}

// script is how a step of a test behaves.
type script struct {
	Name     string
	Fails    bool // its Do fails after its first mutation
	NoUndo   bool
	BadUndo  bool // its Undo fails after its first mutation
	Commit   bool
	StopsRun error // what its Do ends with in place of a result, if anything
}

// step is a step that follows a script and checks what the journal says of it.
func (w *world) step(s script) step.Step[state] {
	st := step.Step[state]{
		Name: s.Name, Title: "make " + s.Name, Commit: s.Commit,
		Do: func(_ context.Context, state *state) error {
			w.trace = append(w.trace, "do "+s.Name)
			w.mustSay(s.Name, step.Doing)
			if err := w.change(s.Name, whole, s.Fails, s.StopsRun); err != nil {
				return err
			}
			state.Made = append(state.Made, s.Name)
			return nil
		},
	}
	if !s.NoUndo {
		st.Undo = func(context.Context, *state) error {
			w.trace = append(w.trace, "undo "+s.Name)
			w.mustSay(s.Name, step.Undoing)
			return w.change(s.Name, none, s.BadUndo, nil)
		}
	}
	return st
}

var errBroken = errors.New("broken")

// change brings a step's effect about in two mutations, between which a process can die.
func (w *world) change(name string, to effect, fails bool, stops error) error {
	w.moment()
	if w.effects[name] != to {
		w.effects[name] = half
	}
	w.moment()
	if stops != nil {
		return stops
	}
	if fails {
		return errBroken
	}
	w.effects[name] = to
	w.moment()
	return nil
}

// mustSay notes a fault unless the intent of a step is in the journal, unless the journal is out of order.
func (w *world) mustSay(name string, status step.Status) {
	if w.store.broken {
		return
	}
	record, err := w.store.Latest(context.Background(), run)
	if err != nil || record.Steps[name] != status {
		w.fault("%s runs, but the journal says %q of it (%v)", name, record.Steps[name], err)
	}
}

// steps are those of the scripts.
func (w *world) steps(scripts []script) []step.Step[state] {
	var steps []step.Step[state]
	for _, s := range scripts {
		steps = append(steps, w.step(s))
	}
	return steps
}

// left is what the world holds, without what it does not.
func (w *world) left() map[string]effect {
	left := maps.Clone(w.effects)
	maps.DeleteFunc(left, func(_ string, e effect) bool { return e == none })
	return left
}

// run is the id of the one run in a world.
const run = "20260101-000000-abcdef"

// memory is a journal that behaves as Parameter Store does: places are taken once.
type memory struct {
	world  *world
	places map[place]string
	order  []string // the phase and the steps of each record, for tests of the order
	broken bool     // Append fails
	lies   bool     // Append fails, but stores the record
}

type place struct {
	epoch int64
	seq   int
}

var errJournal = errors.New("the journal cannot be written")

func (m *memory) Append(ctx context.Context, r step.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.world.moment()
	if m.broken && !m.lies {
		return errJournal
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	at := place{r.Epoch, r.Seq}
	if _, taken := m.places[at]; taken {
		m.world.fault("two records at epoch %d, number %d", r.Epoch, r.Seq)
	}
	m.places[at] = string(text)
	m.order = append(m.order, fmt.Sprintf("%s %v", r.Phase, r.Steps))
	m.world.moment()
	if m.broken {
		return errJournal
	}
	return nil
}

func (m *memory) Latest(_ context.Context, run string) (step.Record, error) {
	newest := place{epoch: -1}
	for at := range m.places {
		if at.epoch > newest.epoch || at.epoch == newest.epoch && at.seq > newest.seq {
			newest = at
		}
	}
	var r step.Record
	if newest.epoch < 0 {
		return r, fmt.Errorf("%s: %w", run, step.ErrNoRun)
	}
	err := json.Unmarshal([]byte(m.places[newest]), &r)
	return r, err
}
