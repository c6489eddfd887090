package sweep

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Sweeper is all that a sweep reads and does.
type Sweeper struct {
	Policy Policy
	// Lists lists the things of each kind, of all regions. What belongs to nobody known may be among them. Images are listed in
	// every state, and instances that are shutting down, too. A kind without a list is not looked for.
	Lists map[Kind]func(context.Context) ([]Item, error)
	// Live says whether a run is carried on by somebody, as its lease and its journal have it. An error means that it is.
	Live func(ctx context.Context, run string) (bool, error)
	// Uses says what needs images. An error means that all of them are needed.
	Uses func(ctx context.Context, images []Ref) (map[Ref][]Use, error)
	// Remove terminates an instance, deregisters an image with its snapshots, deletes a snapshot or an object. An error that is
	// awserr.ErrNotFound says that it is gone, which is fine.
	Remove func(ctx context.Context, item Item) error
}

// Plan is what a sweep would remove, and what else it has found.
type Plan struct {
	App      string    `json:"app"`
	Findings []Finding `json:"findings"`
	Skipped  []Kind    `json:"skipped,omitempty"` // kinds that were not looked for
	Failed   []string  `json:"failed,omitempty"`  // what could not be read: it is kept
	err      error
}

// Err joins what could not be read.
func (p Plan) Err() error { return p.err }

// Due counts what Apply would remove.
func (p Plan) Due() int {
	n := 0
	for _, f := range p.Findings {
		if f.Action == Remove {
			n++
		}
	}
	return n
}

// Plan looks at the account and decides. It changes nothing. An error says that there is no plan; what could not be read is
// in it.
func (s Sweeper) Plan(ctx context.Context) (Plan, error) {
	if err := s.Policy.Validate(); err != nil {
		return Plan{}, err
	}
	facts, errs := s.look(ctx, kinds, func(Item) bool { return true })
	plan := Plan{App: s.Policy.App, Findings: Decide(facts, s.Policy, time.Now()), err: errors.Join(errs...)}
	for _, k := range kinds {
		if s.Lists[k] == nil {
			plan.Skipped = append(plan.Skipped, k)
		}
	}
	for _, err := range errs {
		plan.Failed = append(plan.Failed, err.Error())
	}
	return plan, nil
}

// look reads things of some kinds, beside those that are known, then the life of the runs and the uses of the images among the
// leftovers that matter. The facts say themselves what is missing; the errors are for people.
func (s Sweeper) look(ctx context.Context, of []Kind, matters func(Item) bool, known ...Item) (Facts, []error) {
	facts := Facts{Items: known, Failed: map[Kind]error{}, Lives: map[string]error{}, Uses: map[Ref][]Use{}}
	errs := s.list(ctx, &facts, of)
	runs := map[string]bool{}
	var images []Ref
	for _, f := range Decide(facts, s.Policy, time.Now()) {
		if !matters(f.Item) {
			continue
		}
		if f.Item.Run != "" {
			runs[f.Item.Run] = true
		}
		if f.Item.Kind == Image {
			images = append(images, f.Item.Ref)
		}
	}
	errs = append(errs, s.lives(ctx, &facts, slices.Sorted(maps.Keys(runs)))...)
	if len(images) > 0 {
		uses, err := s.Uses(ctx, images)
		if err != nil {
			facts.Unsure = err
			errs = append(errs, fmt.Errorf("find uses of images: %w", err))
		}
		for _, i := range images {
			facts.Uses[i] = uses[i]
		}
	}
	return facts, errs
}

// list reads the kinds side by side.
func (s Sweeper) list(ctx context.Context, facts *Facts, of []Kind) []error {
	items, faults := make([][]Item, len(of)), make([]error, len(of))
	var all sync.WaitGroup
	for n, k := range of {
		if list := s.Lists[k]; list != nil {
			all.Go(func() { items[n], faults[n] = list(ctx) })
		}
	}
	all.Wait()
	var errs []error
	for n, k := range of {
		if faults[n] != nil {
			facts.Failed[k] = faults[n]
			errs = append(errs, fmt.Errorf("list %ss: %w", k, faults[n]))
			continue // half a list is none
		}
		if s.Lists[k] == nil {
			facts.Failed[k] = errSkipped
		}
		facts.Items = append(facts.Items, items[n]...)
	}
	return errs
}

var errSkipped = errors.New("not looked for")

// atOnce is how many runs are asked about at one time.
const atOnce = 8

// lives asks for each run whether it lives.
func (s Sweeper) lives(ctx context.Context, facts *Facts, runs []string) []error {
	answers := make([]error, len(runs))
	unsure := make([]error, len(runs))
	var all errgroup.Group
	all.SetLimit(atOnce)
	for n, run := range runs {
		all.Go(func() error {
			alive, err := s.Live(ctx, run)
			switch {
			case err != nil:
				unsure[n] = fmt.Errorf("unknown whether run %s lives: %w", run, err)
				answers[n] = unsure[n]
			case alive:
				answers[n] = fmt.Errorf("run %s lives", run)
			}
			return nil
		})
	}
	_ = all.Wait() // what went wrong is in unsure
	for n, run := range runs {
		facts.Lives[run] = answers[n]
	}
	return slices.DeleteFunc(unsure, func(err error) bool { return err == nil })
}
