package bake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/bake/recipe"
)

// The names of staged files, below the prefix and the run.
const (
	stagedAgent  = "agent.deb"
	stagedBundle = "bundle.tar.gz"
)

func (b *baker) stagedKey(s *Baking, name string) string { return b.ways().Prefix + s.Tag + "/" + name }

// staging is where the app's files are in the bucket, each run's in a folder of its own.
func (b *Bakery) staging() string {
	if b.Settings.Staging.Prefix == "" {
		return b.Settings.App + "/"
	}
	return b.Settings.Staging.Prefix + "/" + b.Settings.App + "/"
}

// stage puts the files of the builder where it can fetch them. Their names are noted before: what was put there is found again.
func (b *baker) stage(ctx context.Context, s *Baking) error {
	bundle, err := b.goods.cargo.Bundle()
	if err != nil {
		return err
	}
	files := map[string][]byte{b.stagedKey(s, stagedBundle): bundle}
	if b.goods.agentDeb != nil {
		files[b.stagedKey(s, stagedAgent)] = b.goods.agentDeb
	}
	s.Staged = nil
	for key := range files {
		s.Staged = append(s.Staged, key)
	}
	if err := b.Save(ctx); err != nil {
		return err
	}
	for key, content := range files {
		if err := b.Cloud.Staging.Put(ctx, b.ways().Bucket, key, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	return nil
}

// unstage removes what was staged. Of a bucket that is gone, that is gone, too.
func (b *baker) unstage(ctx context.Context, s *Baking) error {
	for _, key := range s.Staged {
		if err := b.Cloud.Staging.Delete(ctx, b.ways().Bucket, key); err != nil && !errors.Is(err, awserr.ErrNotFound) {
			return err
		}
	}
	return nil
}

// object is a staged file as the builder is told of it. Its URL works for as long as the builder may take; one that waits for a
// command may wait for a run that goes on.
func (b *baker) object(ctx context.Context, s *Baking, name string, content []byte) (recipe.Object, error) {
	good := b.Settings.Build.Deadline
	if b.sent() {
		good = time.Until(s.Expires)
	}
	url, err := b.Cloud.Staging.Presign(ctx, b.ways().Bucket, b.stagedKey(s, name), good)
	return recipe.Object{URL: url, SHA256: recipe.SHA256(content)}, err
}

func (b *baker) launchBuilder(ctx context.Context, s *Baking) error {
	if s.Builder != "" {
		return nil
	}
	base, err := b.Cloud.Images.Get(ctx, s.Base)
	if err != nil {
		return err
	}
	userData, err := b.builderUserData(ctx, s)
	if err != nil {
		return err
	}
	build := b.Settings.Build
	s.Builder, err = b.launch(ctx, s, RoleBuilder, s.Expires, instance.Launch{
		Image: s.Base, Type: build.InstanceType, UserData: userData, RootDevice: base.RootDevice,
		VolumeGiB: b.volume(), KMSKey: build.KMSKey, Spot: b.ways().Spot,
	})
	return err
}

func (b *baker) builderUserData(ctx context.Context, s *Baking) (string, error) {
	bundle, err := b.goods.cargo.Bundle()
	if err != nil {
		return "", err
	}
	build := recipe.Builder{
		Guest: recipe.Guest{Run: s.Tag, DeadMan: time.Until(s.Expires), Sent: b.sent()},
		App:   b.Settings.App, Docker: b.Settings.Build.Docker, Packages: b.Settings.Build.Packages, Image: s.App,
	}
	if b.ways().Bucket == "" {
		if b.goods.agentDeb != nil {
			return "", fmt.Errorf("the builder has nowhere to fetch the agent's package from: set staging.bucket")
		}
		build.Inline = bundle
		return build.UserData()
	}
	if build.Bundle, err = b.object(ctx, s, stagedBundle, bundle); err != nil {
		return "", err
	}
	if b.goods.agentDeb != nil {
		if build.Agent, err = b.object(ctx, s, stagedAgent, b.goods.agentDeb); err != nil {
			return "", err
		}
	}
	return build.UserData()
}

// provisioned waits for the builder's word that an AMI can be made of it, and compares what it says with what was wanted.
func (b *baker) provisioned(ctx context.Context, s *Baking) error {
	err := b.word(ctx, s, "provision", b.builder(s), func(r recipe.Report) bool {
		s.Ready = r.Ready
		return r.Ready != nil
	})
	if err != nil {
		return err
	}
	if s.Ready.Digest != s.Digest {
		return &GuestError{Instance: s.Builder, Stage: "ready", Reason: fmt.Sprintf("it has the image %s, not %s", s.Ready.Digest, s.Digest)}
	}
	if s.Agent != "" && s.Ready.Agent != s.Agent {
		return &GuestError{Instance: s.Builder, Stage: "ready", Reason: fmt.Sprintf("it has version %s of the agent, not %s", s.Ready.Agent, s.Agent)}
	}
	return nil
}

func (b *baker) builder(s *Baking) worker {
	return worker{what: "the builder " + s.Builder, id: s.Builder, command: s.BuildCommand, limit: b.Settings.Build.Deadline}
}

func (b *baker) commandBuilder(ctx context.Context, s *Baking) (err error) {
	s.BuildCommand, err = b.command(ctx, s, "command", RoleBuilder, b.builder(s))
	return err
}

func (b *baker) endBuilder(ctx context.Context, s *Baking) error {
	return b.terminate(ctx, s, RoleBuilder, s.Builder)
}
