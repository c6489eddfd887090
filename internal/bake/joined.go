package bake

import (
	"context"
	"encoding/json"
	"fmt"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/step"
)

// What a deployment needs of a bake that goes before it.

// Find is the proven AMI with a key; nil while there is none.
func (b *Bakery) Find(ctx context.Context, key string) (*image.Image, error) {
	found, err := b.Cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagKey: key}})
	if err != nil {
		return nil, err
	}
	existing, _ := b.judge(found, key)
	return existing, nil
}

// PromotionSteps are those of a promotion, for a plan.
func (b *Bakery) PromotionSteps() []step.Step[Promotion] {
	return promoteSteps(newRun[Promotion](b, 0))
}

// Abandon undoes the bake with a key, if there is one that was cut off.
func (b *Bakery) Abandon(ctx context.Context, key string) error {
	t, err := b.turn(ctx)
	if err != nil {
		return err
	}
	// Another one's process is nothing to listen for.
	if is, err := bakes(t.Pending, key); !is || err != nil {
		return err
	}
	if t, err = b.free(ctx); err != nil {
		return err
	}
	if is, err := bakes(t.Pending, key); !is || err != nil {
		return err
	}
	return b.abandon(ctx, *t.Pending, t.next())
}

// bakes says whether a run that was cut off is the bake with a key.
func bakes(pending *step.Record, key string) (bool, error) {
	if pending == nil || pending.Workflow != workflowBake {
		return false, nil
	}
	var state Baking
	if err := json.Unmarshal(pending.State, &state); err != nil {
		return false, fmt.Errorf("read the state of run %s: %w", pending.Run, err)
	}
	return state.Key == key, nil
}
