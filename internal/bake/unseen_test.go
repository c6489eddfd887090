package bake_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/sandbox/wire"
)

// TestUndoOfWhatDoesNotShow interrupts a bake and undoes it, while EC2 does not show what was made, or shows no more of it.
func TestUndoOfWhatDoesNotShow(t *testing.T) {
	unseen := func(times int) func(context.Context, *world) error {
		return func(_ context.Context, w *world) error {
			w.sb.Front.Faults.Add(wire.Fault{
				Service: "ec2", Operation: "TerminateInstances", Nth: 1, Times: times, Action: wire.ActionError, Code: "InvalidInstanceID.NotFound",
			})
			return nil
		}
	}
	ours := map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed}
	for _, c := range []struct {
		name, after string
		then        func(ctx context.Context, w *world) error
	}{
		{"an instance that was launched a moment ago", "builder", unseen(3)},
		{"a test instance that was launched a moment ago", "test", unseen(1)},
		{"an instance that is gone", "builder", func(ctx context.Context, w *world) error {
			found, err := w.cloud(nil).Instances.Find(ctx, ours)
			if err == nil {
				err = w.cloud(nil).Instances.Terminate(ctx, found[0].ID)
			}
			time.Sleep(24 * time.Hour)
			return err
		}},
		{"an AMI without its tags", "image", func(ctx context.Context, w *world) error {
			images := w.cloud(nil).Images
			found, err := images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: ours})
			if err == nil {
				err = images.Tag(ctx, found[0].ID, map[string]string{bake.TagRun: ""})
			}
			return err
		}},
		{"an AMI that is gone", "available", func(ctx context.Context, w *world) error {
			images := w.cloud(nil).Images
			found, err := images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: ours})
			if err == nil {
				err = images.Deregister(ctx, found[0].ID)
			}
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, "", func(ctx context.Context, w *world) {
				t := w.t
				w.interrupted(ctx, c.after, theBake)
				if err := c.then(ctx, w); err != nil {
					t.Fatal(err)
				}
				w.bakes(ctx, "build.packages = [\"curl\"]\n")
				time.Sleep(time.Hour)
				if diff := cmp.Diff(holdings{Verified: 1}, w.holdings()); diff != "" {
					t.Errorf("the account (-want +got):\n%s", diff)
				}
			})
		})
	}
}
