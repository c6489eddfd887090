package bake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/exit"
)

// Finding is something that somebody has to look at.
type Finding struct {
	Check string `json:"check"`
	Text  string `json:"text"`
	Try   string `json:"try"` // a command line
}

// examination is one thing that a doctor looks at. What it cannot look at is a finding, too.
type examination struct {
	name string
	try  string // where nothing better is known
	look func(context.Context) ([]Finding, error)
}

// Doctor looks for what has gone wrong while nobody was looking, each thing for itself and side by side. It changes nothing. A run
// that others carry, it listens to for as long as the lease's term.
func (b *Bakery) Doctor(ctx context.Context, lastSuccess time.Duration) ([]Finding, error) {
	all := []examination{
		{"timer", "amibake history", func(ctx context.Context) ([]Finding, error) { return b.examineTimer(ctx, lastSuccess) }},
		{"inputs", "amibake plan", b.examineInputs},
		{"run", "amibake history", b.examineRun},
		{"leftovers", "amibake sweep", b.examineLeftovers},
		{"pointer", "amibake list", b.examinePointer},
		{"promotion", "amibake list", b.examinePromotion},
		{"uses", "amibake prune", b.examineUses},
	}
	found := make([][]Finding, len(all))
	var looking sync.WaitGroup
	for i, e := range all {
		looking.Go(func() {
			some, err := e.look(ctx)
			found[i] = append(named(e.name, e.try, some), e.failed(err)...)
		})
	}
	looking.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err // what was cut short says nothing of the account
	}
	return slices.Concat(found...), nil
}

func named(check, try string, some []Finding) []Finding {
	for i := range some {
		some[i].Check, some[i].Try = check, cmp.Or(some[i].Try, try)
	}
	return some
}

// failed are the errors that kept something from being looked at, one finding each.
func (e examination) failed(err error) []Finding {
	var found []Finding
	for _, one := range apart(err) {
		f := Finding{Check: e.name, Text: oneLine(one.Error()), Try: e.try}
		var problem *exit.Problem
		if action := awserr.DeniedAction(one); action != "" {
			f.Text, f.Try = "not allowed to "+action+": "+f.Text, "amibake iam-policy"
		} else if errors.As(one, &problem) {
			f.Try = cmp.Or(problem.Try, e.try)
		}
		found = append(found, f)
	}
	return found
}

// apart are the errors that were joined to one.
func apart(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if _, one := err.(*awserr.Error); one || !ok { //nolint:errorlint // it has two causes and is one error
		return []error{err}
	}
	var all []error
	for _, each := range joined.Unwrap() {
		all = append(all, apart(each)...)
	}
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// ago is how long it is since something was, for people.
func ago(at time.Time) string {
	return fmt.Sprintf("%s, %s ago", at.UTC().Format(time.RFC3339), time.Since(at).Round(time.Minute))
}
