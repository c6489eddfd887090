package journal

import (
	"context"
	"errors"
	"slices"
	"strings"

	"bluegreen/internal/aws/params"
	"bluegreen/internal/step"
)

// Forget removes a run that has ended, whole. One that has not, or is not there, is left alone.
func (p *Params) Forget(ctx context.Context, run string) error {
	found, err := p.client.List(ctx, p.runPath(run))
	if err != nil {
		return err
	}
	return p.forget(ctx, found)
}

// ForgetOld removes the runs that have ended, but for so many of the newest runs, and for latest: by the clock of the machine that
// carried it, that may be an old one. It reads all that there are: that is for those who run it after each run, and have no more
// than that to read.
func (p *Params) ForgetOld(ctx context.Context, latest string, keep int) error {
	found, err := p.client.List(ctx, p.runPath(""))
	if err != nil {
		return err
	}
	runs := map[string][]params.Param{}
	for _, f := range found {
		run, _, _ := strings.Cut(strings.TrimPrefix(f.Name, p.runPath("")), "/")
		runs[run] = append(runs[run], f)
	}
	if len(runs) <= keep {
		return nil
	}
	var all []aged
	for run, of := range runs {
		record, err := newestRecord(of)
		if err != nil || run == latest {
			continue // whoever can read it may need it
		}
		all = append(all, aged{record, of})
	}
	slices.SortFunc(all, func(a, b aged) int { return a.last.Time.Compare(b.last.Time) })
	if _, there := runs[latest]; there {
		keep--
	}
	var errs []error
	for _, old := range all[:max(len(all)-keep, 0)] {
		errs = append(errs, p.forget(ctx, old.found))
	}
	return errors.Join(errs...)
}

// aged is a run by its newest record.
type aged struct {
	last  step.Record
	found []params.Param
}

// forget removes a run, of which all is found, if it has ended.
func (p *Params) forget(ctx context.Context, found []params.Param) error {
	record, err := newestRecord(found)
	if errors.Is(err, step.ErrNoRun) || err == nil && record.Phase != step.Ended {
		return nil
	}
	if err != nil {
		return err
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	slices.Sort(names) // the newest record goes last: by that it is known, if this is cut off, that the run has ended
	return p.client.Delete(ctx, names...)
}

// newestRecord is where a run stands.
func newestRecord(found []params.Param) (step.Record, error) {
	text, _, ok := newest(found)
	if !ok {
		return step.Record{}, step.ErrNoRun
	}
	return decode(text)
}
