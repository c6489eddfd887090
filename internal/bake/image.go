package bake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/wait"
)

// Limits of what takes EC2 some minutes.
const (
	stopLimit  = 20 * time.Minute
	imageLimit = 90 * time.Minute
)

func (b *baker) stopBuilder(ctx context.Context, s *Baking) error {
	return b.Cloud.Instances.Stop(ctx, s.Builder)
}

func (b *baker) stopped(ctx context.Context, s *Baking) error {
	return b.until(ctx, "stopped", "the builder to stop", stopLimit, func(ctx context.Context) (bool, string, error) {
		i, err := b.Cloud.Instances.Get(ctx, s.Builder)
		if err != nil {
			return false, "", err
		}
		if i.Ended() {
			return false, "", &GuestError{Instance: s.Builder, Stage: "stopping", Reason: "the instance is " + i.State + because(i.Reason)}
		}
		return i.State == instance.Stopped, i.State, nil
	})
}

// made are the AMIs of this run: one, or none yet.
func (b *baker) made(ctx context.Context, s *Baking) ([]image.Image, error) {
	return b.Cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagRun: s.Tag}, Everything: true})
}

// makeImage has the AMI made. CreateImage has no client token: one whose answer was lost is there under this run's tag, and the
// name is taken by it.
func (b *baker) makeImage(ctx context.Context, s *Baking) error {
	find := func() (bool, error) {
		found, err := b.made(ctx, s)
		if err != nil || len(found) == 0 {
			return false, err
		}
		s.Image = found[0].ID
		return true, nil
	}
	if ok, err := find(); ok || err != nil {
		return err
	}
	tags := b.tagged(b.owned(s.Tag))
	tags[TagKey], tags[TagBase], tags[TagStatus], tags[TagImage], tags[TagAgent] = s.Key, s.Base, Baked, s.App, s.Ready.Agent
	var id string
	err := b.until(ctx, "image", "EC2 to take the order", seenLimit, func(ctx context.Context) (_ bool, _ string, err error) {
		id, err = b.Cloud.Images.Create(ctx, image.Request{
			Instance: s.Builder, Name: s.Name, Tags: tags, Running: b.ways().Running, Description: fmt.Sprintf("%s with %s", b.Settings.App, s.App),
		})
		if awserr.Code(err) == "IncorrectState" { // of an instance that has stopped this moment
			err = wait.Soft(err)
		}
		return err == nil, "", err
	})
	if errors.Is(err, awserr.ErrExists) {
		// By this run, if its tag shows; it may take a moment to.
		return b.until(ctx, "image", "the AMI named "+s.Name, seenLimit, func(context.Context) (bool, string, error) {
			ok, failed := find()
			return ok, "not to be seen yet", failed
		})
	}
	if err != nil {
		return err
	}
	s.Image = id
	return nil
}

// unmakeImage takes back what this run has made, and nothing that is proven: that may be in use. It asks by the tag, for an AMI whose
// id never reached us, and by the id, for one that does not show by its tag.
func (b *baker) unmakeImage(ctx context.Context, s *Baking) error {
	found, err := b.made(ctx, s)
	if err != nil {
		return err
	}
	if s.Image != "" && !slices.ContainsFunc(found, func(i image.Image) bool { return i.ID == s.Image }) {
		err := b.unlessGone(ctx, "image", "the AMI "+s.Image, func() error {
			img, err := b.Cloud.Images.Get(ctx, s.Image)
			if err != nil || img.Tags[TagStatus] == Verified {
				return err
			}
			return b.Cloud.Images.Deregister(ctx, s.Image)
		})
		if err != nil {
			return err
		}
	}
	for _, img := range found {
		if img.Tags[TagStatus] == Verified {
			continue
		}
		if err := b.Cloud.Images.Deregister(ctx, img.ID); err != nil && !errors.Is(err, awserr.ErrNotFound) {
			return err
		}
	}
	s.Image = ""
	return nil
}

func (b *baker) available(ctx context.Context, s *Baking) error {
	return b.until(ctx, "available", "the AMI "+s.Image, imageLimit, func(ctx context.Context) (bool, string, error) {
		p, err := b.Cloud.Images.Progress(ctx, s.Image)
		switch {
		case errors.Is(err, awserr.ErrNotFound):
			return false, "not to be seen yet", nil
		case err != nil:
			return false, "", err
		case p.State == image.Available:
			return true, p.State, nil
		case p.State == image.Pending:
			return false, fmt.Sprintf("%d %% of its snapshots", p.Percent), nil
		}
		return false, "", fmt.Errorf("the AMI %s is %s%s", s.Image, p.State, because(p.Reason))
	})
}

// mark notes that an AMI is proven.
func (b *baker) mark(ctx context.Context, s *Baking) error {
	return b.Cloud.Images.Tag(ctx, s.Image, map[string]string{TagStatus: Verified})
}
