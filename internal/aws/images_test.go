package aws_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/sandbox/wire"
)

func TestImageLife(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		builder := k.builder(t)
		if err := k.b.Instances.Stop(ctx, builder); err != nil {
			t.Fatal(err)
		}
		k.until(t, builder, instance.Stopped)
		id, err := k.b.Images.Create(ctx, image.Request{Instance: builder, Name: "shop-20260102", Description: "d", Tags: k.tags})
		if err != nil {
			t.Fatal(err)
		}
		percents := ready(t, k.b.Images, id)
		if !slices.IsSorted(percents) || len(slices.Compact(slices.Clone(percents))) < 3 || percents[len(percents)-1] != 100 {
			t.Errorf("its progress was %v", percents)
		}

		got, err := k.b.Images.Get(ctx, id)
		want := image.Image{
			ID: id, Name: "shop-20260102", Description: "d", Architecture: "x86_64", State: image.Available, Owner: k.sb.Account.ID, RootDevice: "/dev/xvda",
			Source: k.made.Images["v1"], SourceRegion: k.Region, Encrypted: true, Tags: k.tags, Snapshots: got.Snapshots, Created: got.Created,
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || len(got.Snapshots) != 1 || got.Created.IsZero() {
			t.Errorf("%v %s", err, diff)
		}
		if err := k.b.Images.Tag(ctx, id, map[string]string{"amibake:status": "verified"}); err != nil {
			t.Error(err)
		}
		for _, q := range []image.Query{
			{Owners: []string{image.Self}, Tags: map[string]string{"amibake:run": "r1", "amibake:status": "verified"}},
			{Owners: []string{image.Self}, NamePattern: "shop-2026*", Architecture: "x86_64"},
		} {
			if found, err := k.b.Images.Find(ctx, q); err != nil || len(found) != 1 || found[0].ID != id {
				t.Errorf("%+v finds %v, %v", q, found, err)
			}
		}
		if _, err := k.b.Images.Create(ctx, image.Request{Instance: builder, Name: "shop-20260102"}); !errors.Is(err, awserr.ErrExists) {
			t.Errorf("the same name: %v", err)
		}

		if err := k.b.Images.Deprecate(ctx, id, time.Now().Add(time.Hour).Truncate(time.Minute)); err != nil {
			t.Error(err)
		}
		if err := k.b.Images.Disable(ctx, id); err != nil {
			t.Error(err)
		}
		if got, err := k.b.Images.Get(ctx, id); err != nil || got.State != image.Disabled || time.Until(got.Deprecated) > time.Hour || got.Deprecated.IsZero() {
			t.Errorf("disabled: %+v, %v", got, err)
		}
		for everything, want := range map[bool]int{false: 0, true: 1} {
			if found, err := k.b.Images.Find(ctx, image.Query{Owners: []string{image.Self}, Tags: k.tags, Everything: everything}); err != nil || len(found) != want {
				t.Errorf("everything %v: %v, %v", everything, found, err)
			}
		}
		if err := k.b.Images.Enable(ctx, id); err != nil {
			t.Error(err)
		}
		if _, err := k.ec2.EnableImageDeregistrationProtection(ctx, &ec2.EnableImageDeregistrationProtectionInput{ImageId: &id, WithCooldown: sdk.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		if err := k.b.Images.Deregister(ctx, id); !errors.Is(err, awserr.ErrProtected) {
			t.Errorf("protected: %v", err)
		}
		if _, err := k.ec2.DisableImageDeregistrationProtection(ctx, &ec2.DisableImageDeregistrationProtectionInput{ImageId: &id}); err != nil {
			t.Fatal(err)
		}
		if err := k.b.Images.Deregister(ctx, id); !errors.Is(err, awserr.ErrProtected) {
			t.Errorf("protected by its cooldown: %v", err)
		}
		time.Sleep(25 * time.Hour)
		if err := k.b.Images.Deregister(ctx, id); err != nil {
			t.Error(err)
		}
		if err := k.b.Images.Deregister(ctx, id); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("deregister again: %v", err)
		}
		if left := k.snapshots(t); len(left) > 0 {
			t.Errorf("snapshots are left: %v", left)
		}
	})
}

// snapshots are the ids of those of our run.
func (k *kitchen) snapshots(t *testing.T) (ids []string) {
	t.Helper()
	out, err := k.ec2.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Snapshots {
		for _, tag := range s.Tags {
			if *tag.Key == "amibake:run" {
				ids = append(ids, *s.SnapshotId)
			}
		}
	}
	return ids
}

// CreateImage has no token: when its answer gets lost, the retry finds the name taken by an image that has our tags.
func TestLostReplies(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		lose := func(operation string) {
			k.sb.Front.Faults.Add(wire.Fault{Service: "ec2", Operation: operation, Nth: 1, Action: wire.ActionLostReply})
		}
		lose("RunInstances")
		builder := k.builder(t)
		if found, err := k.b.Instances.Find(ctx, k.tags); err != nil || len(found) != 1 || found[0].ID != builder {
			t.Errorf("it runs %v, %v", found, err)
		}
		lose("CreateImage")
		_, err := k.b.Images.Create(ctx, image.Request{Instance: builder, Name: "shop-1", Tags: k.tags})
		if !errors.Is(err, awserr.ErrExists) {
			t.Fatalf("create: %v", err)
		}
		found, err := k.b.Images.Find(ctx, image.Query{Owners: []string{image.Self}, NamePattern: "shop-1", Tags: k.tags})
		if err != nil || len(found) != 1 {
			t.Fatalf("found %v, %v", found, err)
		}
		id := found[0].ID
		ready(t, k.b.Images, id)

		west := k.b.In("us-west-2").Images
		lose("CopyImage")
		cp := image.CopyRequest{Source: id, SourceRegion: k.Region, Name: "shop-1", Token: "r1-us-west-2", Tags: k.tags}
		first, err := west.Copy(ctx, cp)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := west.Copy(ctx, cp); second != first || err != nil {
			t.Errorf("the same token makes %s, not %s: %v", second, first, err)
		}
		lose("DeregisterImage")
		if err := k.b.Images.Deregister(ctx, id); err != nil {
			t.Errorf("deregister: %v", err)
		}
		if left := k.snapshots(t); len(left) > 0 {
			t.Errorf("snapshots are left: %v", left)
		}
	})
}
