package bake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/wait"
)

// worker is an instance that has something to do, and to say how it went.
type worker struct {
	what    string // "the builder i-…"
	id      string
	command string        // that it was sent; "" where it is heard by its console
	limit   time.Duration // in which it has to have done it
}

// voice is what was heard of a worker.
type voice struct {
	text   string // all that it said
	doing  string // for people
	over   string // what to make of it if nothing in the text says; "" while there may be more
	failed bool   // nothing in the text counts as a success
}

// word listens to an instance until what it says about this run is what ends the wait. One that is no more, or that says that it
// has failed, ends it too, with the last lines of its log.
func (b *baker) word(ctx context.Context, s *Baking, step string, w worker, heard func(recipe.Report) bool) error {
	var v voice
	last, limit := recipe.Report{}, w.limit
	if w.command != "" {
		limit = recipe.CommandLimit(limit) + deliveryLimit
	}
	err := b.until(ctx, step, w.what, limit, func(ctx context.Context) (bool, string, error) {
		i, err := b.Cloud.Instances.Get(ctx, w.id)
		if errors.Is(err, awserr.ErrNotFound) {
			return false, "not to be seen yet", nil
		}
		if err != nil {
			return false, "", err
		}
		if err := b.listen(ctx, w, &v); err != nil {
			return false, "", err
		}
		last = recipe.Parse(v.text, s.Tag)
		switch {
		case !v.failed && heard(last):
			return true, "done", nil
		case last.Failed != nil:
			return false, "", &GuestError{Instance: w.id, Stage: last.Failed.Stage, Reason: last.Failed.Reason, Log: last.Log}
		case v.over != "":
			return false, "", &GuestError{Instance: w.id, Stage: last.Stage, Reason: v.over, Log: recipe.Tail(v.text, tailLines)}
		case i.Ended() || i.State == instance.Stopped || i.State == instance.Stopping:
			return false, "", &GuestError{Instance: w.id, Stage: last.Stage, Reason: "the instance is " + i.State + because(i.Reason), Log: recipe.Tail(v.text, tailLines)}
		}
		status := i.State
		for _, more := range []string{v.doing, last.Stage} {
			if more != "" {
				status += ", " + more
			}
		}
		return false, status, nil
	})
	var timeout *wait.TimeoutError
	if errors.As(err, &timeout) {
		return &GuestError{Instance: w.id, Stage: last.Stage, Reason: err.Error(), Log: recipe.Tail(v.text, tailLines)}
	}
	return err
}

// listen hears what an instance has to say, on its console or as the output of its command. What was heard before stays while
// there is nothing.
func (b *baker) listen(ctx context.Context, w worker, v *voice) error {
	if w.command != "" {
		return b.result(ctx, w, v)
	}
	said, err := b.Cloud.Instances.Console(ctx, w.id)
	if err != nil && !errors.Is(err, awserr.ErrNotFound) {
		return err
	}
	if said != "" {
		v.text = said
	}
	return nil
}

// result asks how a command goes. It says nothing before it has ended.
func (b *baker) result(ctx context.Context, w worker, v *voice) error {
	r, err := b.Cloud.Commands.Result(ctx, w.id, w.command)
	if errors.Is(err, awserr.ErrNotFound) {
		v.doing = "its command is not to be seen yet"
		return nil
	}
	if err != nil {
		return err
	}
	v.doing = "its command is " + r.Status
	switch {
	case r.Well:
		v.text, v.over = r.Output, "its command ended well and does not say how it went"
	case r.Ended:
		v.text, v.failed = r.Output+r.Errors, true
		v.over = fmt.Sprintf("Run Command says of its command %s: %s", w.command, r.Status)
	}
	return nil
}
