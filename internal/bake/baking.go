package bake

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
)

// workflowBake is what the journal calls a run that makes an AMI.
const workflowBake = "bake"

// Bake makes the AMI that is due and proves it. A run for the same that was cut off is gone on with; one that was about other
// inputs is undone first.
func (b *Bakery) Bake(ctx context.Context, p Plan) (Baking, error) {
	var last *run[Baking]
	steps := func(r *run[Baking]) []step.Step[Baking] {
		last = r
		return bakeSteps(r, &p.goods)
	}
	tag := func(tag string, s *Baking) { s.Tag = tag }
	same := func(before Baking) bool { return before.Key == p.Key && time.Now().Before(before.Expires) }
	err := carry(ctx, b, workflowBake, p.State, tag, steps, same)
	if last == nil {
		return p.State, err
	}
	return last.State, err
}

// Verify proves an AMI of the app on an instance that is made of it, and notes in its tags that it is proven.
func (b *Bakery) Verify(ctx context.Context, id string) (Baking, error) {
	i, err := b.Cloud.Images.Get(ctx, id)
	if err != nil {
		return Baking{}, &exit.Problem{Code: exit.Failed, Err: err, Try: "amibake list"}
	}
	if err := b.ours(i); err != nil {
		return Baking{}, err
	}
	began := time.Now().UTC().Truncate(time.Second)
	state := Baking{
		Began: began, Expires: began.Add(b.Settings.Build.Expiry), Key: i.Tags[TagKey], Name: i.Name, App: i.Tags[TagImage],
		Agent: i.Tags[TagAgent], Digest: digestOf(i.Tags[TagImage]), Channel: b.Settings.Build.Channel, Image: id,
	}
	var last *run[Baking]
	steps := func(r *run[Baking]) []step.Step[Baking] {
		last = r
		return verifySteps(r)
	}
	tag := func(tag string, s *Baking) { s.Tag = tag }
	same := func(before Baking) bool { return before.Image == id && time.Now().Before(before.Expires) }
	err = carry(ctx, b, "verify", state, tag, steps, same)
	if last == nil {
		return state, err
	}
	return last.State, err
}

// ours refuses an AMI that this app's bakes have not made.
func (b *Bakery) ours(i image.Image) error {
	if i.Tags[TagApp] == b.Settings.App && i.Tags[TagManaged] == Managed && i.Tags[TagKey] != "" {
		return nil
	}
	return &exit.Problem{
		Code: exit.Failed, Err: fmt.Errorf("%s is no AMI that amibake has made for %s: its tag %s is %q", i.ID, b.Settings.App, TagApp, i.Tags[TagApp]),
		Try: "amibake list",
	}
}

// digestOf is the digest in NAME@DIGEST.
func digestOf(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
