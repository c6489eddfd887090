package bake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/wait"
)

// launch starts an instance of this run, or finds the one that this run has started before: by its tags, since a launch whose
// answer was lost may have come through. EC2 knows it by the token, too, and refuses to launch another one under that.
func (b *baker) launch(ctx context.Context, s *Baking, role string, expires time.Time, l instance.Launch) (id string, err error) {
	tags := b.tagged(b.owned(s.Tag))
	tags[TagRole], tags[TagExpires] = role, expires.UTC().Format(time.RFC3339)
	tags["Name"] = fmt.Sprintf("%s-%s-%s", b.Settings.App, role, s.Tag)
	if id, err := b.launched(ctx, s, role); id != "" || err != nil {
		return id, err
	}
	l.Tags, l.Token = tags, b.Settings.App+"-"+s.Tag+"-"+role
	l.Subnet, l.SecurityGroups, l.Profile = b.Settings.Build.Subnet, b.Settings.Build.SecurityGroups, b.Settings.Build.InstanceProfile
	l.HopLimit = max(1, l.HopLimit)
	id, err = b.Cloud.Instances.Run(ctx, l)
	if awserr.Code(err) != "IdempotentParameterMismatch" {
		return id, err
	}
	err = b.until(ctx, role, "the "+role+" that was launched before", seenLimit, func(ctx context.Context) (bool, string, error) {
		var err error
		id, err = b.launched(ctx, s, role)
		return id != "", "not to be seen yet", err
	})
	return id, err
}

// seenLimit is how long EC2 may take to show what it has made.
const seenLimit = 2 * time.Minute

// launched is the instance of this run with a role, if it shows.
func (b *baker) launched(ctx context.Context, s *Baking, role string) (id string, err error) {
	tags := b.owned(s.Tag)
	tags[TagRole] = role
	found, err := b.Cloud.Instances.Find(ctx, tags)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].ID, nil
}

// terminate ends all instances of this run with a role. It asks by the tags as well: one whose launch was never answered may be
// there.
func (b *baker) terminate(ctx context.Context, s *Baking, role, id string) error {
	tags := b.owned(s.Tag)
	tags[TagRole] = role
	found, err := b.Cloud.Instances.Find(ctx, tags)
	if err != nil {
		return err
	}
	var ids []string
	if id != "" {
		ids = append(ids, id)
	}
	for _, i := range found {
		if i.ID != id && !i.Ended() {
			ids = append(ids, i.ID)
		}
	}
	var failed []error
	for _, id := range ids {
		failed = append(failed, b.unlessGone(ctx, role, "the instance "+id, func() error { return b.Cloud.Instances.Terminate(ctx, id) }))
	}
	return errors.Join(failed...)
}

// unlessGone takes something back of which the id is known. What EC2 does not know may be gone, or may have been made a moment ago:
// it is asked for as long as that may take to show.
func (b *baker) unlessGone(ctx context.Context, stepName, what string, take func() error) error {
	err := take()
	if !errors.Is(err, awserr.ErrNotFound) {
		return err
	}
	gone := false
	err = b.until(ctx, stepName, what+" to show, or to be gone", seenLimit, func(context.Context) (bool, string, error) {
		err := take()
		if gone = errors.Is(err, awserr.ErrNotFound); gone {
			return false, "not to be seen", nil
		}
		return err == nil, "it was there", err
	})
	var timeout *wait.TimeoutError
	if gone && errors.As(err, &timeout) {
		return nil
	}
	return err
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// tailLines is how much of a console is shown of an instance that did not say why it failed.
const tailLines = 20

// GuestError says that an instance has not done what it was launched for.
type GuestError struct {
	Instance string
	Stage    string   // that it had come to; "" if it never said anything
	Reason   string   // what it says, or what became of it
	Log      []string // the last lines of its own log, if it could send them
}

func (e *GuestError) Error() string {
	stage := e.Stage
	if stage == "" {
		stage = "before it said anything"
	}
	text := fmt.Sprintf("instance %s: %s: %s", e.Instance, stage, e.Reason)
	if len(e.Log) > 0 {
		text += "\n  " + strings.Join(e.Log, "\n  ")
	}
	return text
}
