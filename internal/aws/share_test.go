package aws_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
)

func TestCopiesAndShares(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		l := k.launch()
		l.KMSKey = "alias/disks"
		builder, err := k.b.Instances.Run(ctx, l)
		if err != nil {
			t.Fatal(err)
		}
		k.until(t, builder, instance.Running)
		id, err := k.b.Images.Create(ctx, image.Request{Instance: builder, Name: "shop-1", Tags: k.tags, Running: true})
		if err != nil {
			t.Fatal(err)
		}
		ready(t, k.b.Images, id)
		if i, err := k.b.Instances.Get(ctx, builder); err != nil || i.State != instance.Running {
			t.Errorf("the builder is %v, %v", i, err)
		}

		west := k.b.In("us-west-2")
		if west.Region != "us-west-2" || k.b.In(k.Region) != k.b {
			t.Errorf("regions %s, %s", west.Region, k.b.In(k.Region).Region)
		}
		copied, err := west.Images.Copy(ctx, image.CopyRequest{
			Source: id, SourceRegion: k.Region, Name: "shop-1", Description: "d", Token: "t", Encrypted: true, KMSKey: "alias/west", Tags: k.tags,
		})
		if err != nil {
			t.Fatal(err)
		}
		ready(t, west.Images, copied)
		got, err := k.b.Images.In("us-west-2").Get(ctx, copied)
		want := image.Image{
			ID: copied, Name: "shop-1", Description: "d", Architecture: "x86_64", State: image.Available, Owner: k.sb.Account.ID, RootDevice: "/dev/xvda",
			Source: id, SourceRegion: k.Region, Encrypted: true, Tags: k.tags, Snapshots: got.Snapshots, Created: got.Created,
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || len(got.Snapshots) != 1 {
			t.Errorf("%v %s", err, diff)
		}
		if _, err := k.b.Images.Get(ctx, copied); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("the copy at home: %v", err)
		}

		audience := image.Audience{
			Accounts: []string{"111122223333", "444455556666"}, Organizations: []string{"arn:aws:organizations::123456789012:organization/o-abcdef1234"},
			Units: []string{"arn:aws:organizations::123456789012:ou/o-abcdef1234/ou-ab12-cdefgh34"},
		}
		for range 2 {
			if err := k.b.Images.Share(ctx, id, snapshotsOf(t, k.b.Images, id), audience); err != nil {
				t.Fatal(err)
			}
			if got, err := k.b.Images.Audience(ctx, id); err != nil || !cmp.Equal(got, audience) {
				t.Errorf("the image: %s, %v", cmp.Diff(audience, got), err)
			}
			got, err := k.b.Images.SnapshotAudience(ctx, snapshotsOf(t, k.b.Images, id)[0])
			if diff := cmp.Diff(image.Audience{Accounts: audience.Accounts}, got); err != nil || diff != "" {
				t.Errorf("its snapshot: %s, %v", diff, err)
			}
		}
		if got, err := west.Images.Audience(ctx, copied); err != nil || !cmp.Equal(got, image.Audience{}) {
			t.Errorf("the copy: %v, %v", got, err)
		}
	})
}

func snapshotsOf(t *testing.T, images *image.Client, id string) []string {
	t.Helper()
	i, err := images.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return i.Snapshots
}

// A snapshot whose image somebody has deregistered alone is an orphan.
func TestOrphans(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		id := k.bake(t, "shop-1")
		orphans := func() (ids []string) {
			t.Helper()
			found, err := k.b.Images.OrphanSnapshots(ctx, k.tags)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range found {
				if s.Image != id || !maps.Equal(s.Tags, k.tags) || s.State != "completed" || s.Created.IsZero() {
					t.Errorf("an orphan %+v", s)
				}
				ids = append(ids, s.ID)
			}
			return ids
		}
		if got := orphans(); len(got) > 0 {
			t.Errorf("of an image that is there: %v", got)
		}
		if err := k.b.Images.Disable(ctx, id); err != nil {
			t.Fatal(err)
		}
		if got := orphans(); len(got) > 0 {
			t.Errorf("of a disabled image: %v", got)
		}
		if _, err := k.ec2.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &id}); err != nil {
			t.Fatal(err)
		}
		left := orphans()
		if len(left) != 1 {
			t.Fatalf("orphans %v", left)
		}
		for range 2 { // the second one finds it gone
			if err := k.b.Images.DeleteSnapshot(ctx, left[0]); err != nil {
				t.Error(err)
			}
		}
		if got := orphans(); len(got) > 0 {
			t.Errorf("after it was deleted: %v", got)
		}
	})
}
