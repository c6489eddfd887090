package prune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Check finds out who uses images, in one place where they can be used.
type Check struct {
	Name   string // "launch templates"
	Region string // whose images it knows; "" for those of all regions

	// Skip says why the check is not made, e.g. "not configured"; "" if it is.
	Skip string
	// Vital says which images must not go if the check is skipped; nil for none.
	Vital func(Image) bool

	// Find says who uses which of the images. It may answer for other images, too. It has to end when ctx does.
	Find func(ctx context.Context, ids []string) (map[string][]Use, error)
}

func (c Check) String() string {
	if c.Region == "" {
		return c.Name
	}
	return c.Name + " in " + c.Region
}

func (c Check) covers(region string) bool { return c.Region == "" || c.Region == region }

// Uses is what a set of checks has found.
type Uses struct {
	asked   map[Ref]bool
	found   map[Ref][]Use
	made    []Check
	failed  []failure
	skipped []Check
}

type failure struct {
	check Check
	err   error
}

var errNoAnswer = errors.New("nothing was asked")

// Collect makes all checks side by side and returns when the last one has answered.
func Collect(ctx context.Context, checks []Check, images []Ref) Uses {
	uses := Uses{asked: map[Ref]bool{}, found: map[Ref][]Use{}}
	for _, i := range images {
		uses.asked[i] = true
	}
	type answer struct {
		found map[string][]Use
		err   error
	}
	answers := make([]answer, len(checks))
	var all sync.WaitGroup
	for n, c := range checks {
		ids := c.ids(images)
		switch {
		case c.Skip != "" || len(ids) == 0:
		case c.Find == nil:
			answers[n].err = errNoAnswer
		default:
			all.Go(func() { answers[n].found, answers[n].err = c.Find(ctx, ids) })
		}
	}
	all.Wait()
	for n, c := range checks {
		switch {
		case c.Skip != "":
			uses.skipped = append(uses.skipped, c)
		case answers[n].err != nil:
			uses.failed = append(uses.failed, failure{c, answers[n].err})
		default:
			uses.made = append(uses.made, c)
			uses.add(c, answers[n].found)
		}
	}
	return uses
}

// ids are the images that a check is asked about.
func (c Check) ids(images []Ref) []string {
	var ids []string
	for _, i := range images {
		if c.covers(i.Region) {
			ids = append(ids, i.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (u Uses) add(c Check, found map[string][]Use) {
	for image := range u.asked {
		if c.covers(image.Region) {
			u.found[image] = append(u.found[image], found[image.ID]...)
		}
	}
}

// of lists the uses of an image, sorted. Whatever could not be determined is one, too.
func (u Uses) of(i Image) []Use {
	uses := slices.Clone(u.found[i.Ref])
	unknown := func(format string, args ...any) {
		uses = append(uses, Use{"unknown: " + fmt.Sprintf(format, args...)})
	}
	if !u.asked[i.Ref] {
		unknown("it was not there when uses were looked for")
	}
	if !slices.ContainsFunc(u.made, func(c Check) bool { return c.covers(i.Region) }) {
		unknown("no check was made")
	}
	for _, f := range u.failed { // whichever region it was asked in: who cannot see everything removes nothing
		unknown("%s: %v", f.check, f.err)
	}
	for _, c := range u.skipped {
		if c.covers(i.Region) && c.Vital != nil && c.Vital(i) {
			unknown("%s: %s", c, c.Skip)
		}
	}
	slices.SortFunc(uses, func(a, b Use) int { return cmp.Compare(a.By, b.By) })
	return slices.Compact(uses)
}

// err joins what went wrong in the checks.
func (u Uses) err() error {
	var errs []error
	for _, f := range u.failed {
		errs = append(errs, fmt.Errorf("check %s: %w", f.check, f.err))
	}
	return errors.Join(errs...)
}
