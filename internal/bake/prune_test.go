package bake_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/prune"
)

// TestPrune lets weeks pass in which a prune runs each day: what is used stays, be it by an instance that is stopped, and so does
// a backup of an instance, with the tags of its group. What is not used goes down the ladder.
func TestPrune(t *testing.T) {
	inWorld(t, "prune.keep = 1\nprune.younger_than = \"1d\"\nprune.disable_after = \"2d\"\nprune.deregister_after = \"2d\"\n", func(ctx context.Context, w *world) {
		t := w.t
		images := map[string]string{}
		for _, name := range []string{"used", "unused", "newest"} {
			images[name] = w.bakes(ctx, "build.packages = [\""+name+"\"]\n")
			time.Sleep(time.Hour)
		}
		cloud := w.cloud(nil)
		b, _ := w.process("prune", nil)
		id, err := cloud.Instances.Run(ctx, instance.Launch{Image: images["used"], Type: "t3.small", Subnet: b.Settings.Build.Subnet, RootDevice: "/dev/xvda"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		backup, err := cloud.Images.Create(ctx, image.Request{Instance: id, Name: "backup", Running: true, Tags: map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed}})
		if err != nil {
			t.Fatal(err)
		}
		images["backup"] = backup
		if err := cloud.Instances.Stop(ctx, id); err != nil {
			t.Fatal(err)
		}
		var went []string // what became of the unused one, day by day
		for range 12 {
			time.Sleep(24 * time.Hour)
			b, _ := w.process("prune", nil)
			p, err := b.Pruner().Plan(ctx)
			if err == nil {
				err = p.Err()
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range p.Images {
				if v.Image.ID == images["used"] && !strings.Contains(strings.Join(v.Reasons, " "), id) {
					t.Errorf("why the used one stays: %q, want the instance %s in it", v.Reasons, id)
				}
			}
			steps, err := b.Pruner().Apply(ctx, p, func(prune.Step) {})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if s.ID != images["unused"] {
					t.Errorf("%v", s)
				}
				went = append(went, string(s.Action))
			}
		}
		if got := strings.Join(went, " "); got != "deprecate disable deregister" {
			t.Errorf("the unused one went by %q", got)
		}
		for name, id := range images {
			i, err := cloud.Images.Get(ctx, id)
			switch gone := errors.Is(err, awserr.ErrNotFound); {
			case gone != (name == "unused"), err != nil && !gone:
				t.Errorf("%s: %v", name, err)
			case !gone && i.State != image.Available:
				t.Errorf("%s is %s", name, i.State)
			}
		}
		if h := w.holdings(); h.Orphans != 0 {
			t.Errorf("%d snapshots are left", h.Orphans)
		}
	})
}
