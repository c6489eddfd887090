package bake

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/pattern"
	"bluegreen/internal/step"
)

// Past is a run as its journal has it. The newest record of each run is kept.
type Past struct {
	Run   string    `json:"run"`
	What  string    `json:"what"` // "bake", "verify", "promote" or "promote-back"
	Began time.Time `json:"began,omitzero"`
	Last  time.Time `json:"last"` // when something was noted last: of a run that has ended, its end
	How   string    `json:"how"`  // "succeeded", "failed-clean", "failed-dirty", or Unfinished
	Image string    `json:"image,omitempty"`
	Name  string    `json:"name,omitempty"` // of the AMI
	Why   string    `json:"why,omitempty"`  // it was undone, or where it was cut off
}

// Unfinished is how a run stands that somebody works on, or that was cut off.
const Unfinished = "unfinished"

// History is the last n runs of the app, the newest first; all of them where n is 0.
func (b *Bakery) History(ctx context.Context, n int) ([]Past, error) {
	var found []Past
	err := b.pasts(ctx, func(p Past) bool {
		found = append(found, p)
		return n == 0 || len(found) < n
	})
	return found, err
}

// pasts goes back through the runs for as long as it is wanted. They are numbered by epochs, of which each process that took a
// run over has used up one.
func (b *Bakery) pasts(ctx context.Context, more func(Past) bool) error {
	holder, _, err := b.lease().Holder(ctx)
	if err != nil {
		return err
	}
	for last := holder.Epoch + 1; last > 0; last -= atOnce {
		some := make([]*Past, min(atOnce, last))
		asking, ctx := errgroup.WithContext(ctx)
		for i := range some {
			asking.Go(func() error {
				record, err := b.store().Latest(ctx, runID(last-int64(i)))
				if errors.Is(err, step.ErrNoRun) {
					return nil
				}
				if err == nil {
					some[i], err = past(record)
				}
				return err
			})
		}
		if err := asking.Wait(); err != nil {
			return err
		}
		for _, p := range some {
			if p != nil && !more(*p) {
				return nil
			}
		}
	}
	return nil
}

// past reads what all workflows have in their states.
func past(record step.Record) (*Past, error) {
	var state struct {
		Tag   string `json:"tag"`
		Image string `json:"image"`
		Name  string `json:"name"`
	}
	if err := json.Unmarshal(record.State, &state); err != nil {
		return nil, err
	}
	p := &Past{
		Run: record.Run, What: record.Workflow, Began: beganAt(state.Tag), Last: record.Time, How: string(record.Outcome), Image: state.Image,
		Name: state.Name, Why: record.Cause,
	}
	if p.How == "" {
		p.How = Unfinished
		if doing := underWay(record); doing != "" && p.Why == "" {
			p.Why = "in step " + doing
		}
	}
	return p, nil
}

// underWay is the step that a run is in; "" between two of them.
func underWay(record step.Record) string {
	for name, status := range record.Steps {
		if status == step.Doing || status == step.Undoing {
			return name
		}
	}
	return ""
}

// tagTime is where a run's tag has the time at which it began.
var tagTime = pattern.Lazy(`^bake-\d+-(\d{8}-\d{6})-`)

func beganAt(tag string) time.Time {
	match := tagTime().FindStringSubmatch(tag)
	if match == nil {
		return time.Time{}
	}
	at, err := time.Parse("20060102-150405", match[1])
	if err != nil {
		return time.Time{}
	}
	return at
}

// Pointed is an AMI that the pointer has named.
type Pointed struct {
	Region    string    `json:"region"`
	Parameter string    `json:"parameter"`
	Image     string    `json:"image"`
	Since     time.Time `json:"since"`
	By        string    `json:"by"` // ARN of who wrote it
	Now       bool      `json:"now,omitempty"`
}

// Pointer is the last n AMIs that the pointer has named in each region, the newest first; all that are known where n is 0.
// Parameter Store keeps the last hundred.
func (b *Bakery) Pointer(ctx context.Context, n int) ([]Pointed, error) {
	var all []Pointed
	name := b.Settings.Promote.Parameter
	for _, region := range b.regions() {
		written, err := b.Cloud.In(region).Params.History(ctx, name)
		if errors.Is(err, awserr.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n > 0 {
			written = written[max(0, len(written)-n):]
		}
		for i, w := range slices.Backward(written) {
			all = append(all, Pointed{Region: region, Parameter: name, Image: w.Value, Since: w.At, By: w.By, Now: i == len(written)-1})
		}
	}
	return all, nil
}
