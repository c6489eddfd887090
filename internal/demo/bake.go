package demo

import (
	"context"
	"time"
)

// bake makes the image of a version, has it prove that it boots healthy, and names it in Parameter Store; the story goes on
// with it. It takes what it takes on this machine: packages are installed, and two instances boot.
func (d *Demo) bake(version string) func(context.Context) error {
	return func(ctx context.Context) error {
		begun := time.Now()
		bakery, err := d.lab.Bakery("the demo", version, d.tell)
		if err != nil {
			return err
		}
		plan, err := bakery.Plan(ctx)
		if err != nil {
			return err
		}
		made, err := bakery.Bake(ctx, plan)
		if err != nil {
			return err
		}
		if err := bakery.Promote(ctx, made.Image); err != nil {
			return err
		}
		d.lab.Made.Images[version] = made.Image
		d.tell.note("%s was baked in %s, and is healthy %s after an instance of it boots", made.Image,
			time.Since(begun).Round(time.Second), made.Verified.Boot.Round(100*time.Millisecond))
		return nil
	}
}
