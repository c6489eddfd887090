package bluegreen_test

import (
	"context"
	"strings"
	"testing"

	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/traffic"
)

// TestJournalIsTrimmed counts what a deployment that has ended leaves in Parameter Store, which has room for 10,000 parameters.
func TestJournalIsTrimmed(t *testing.T) {
	for what, do := range map[string]func(ctx context.Context, w *world){
		"cutover": func(ctx context.Context, w *world) { w.must(ctx, "me", cutoverTo(traffic.Green), brisk, canary) },
		"rollback": func(ctx context.Context, w *world) {
			w.must(ctx, "me", cutoverTo(traffic.Green), brisk, canary)
			w.must(ctx, "me", rollback, brisk)
		},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
				do(ctx, w)
				app, _ := w.process("reader", nil)
				found, err := app.Cloud.Params.List(ctx, "/bluegreen/shop/deployments")
				if err != nil {
					w.t.Fatal(err)
				}
				records := map[string]bool{}
				for _, p := range found {
					record, _, _ := strings.Cut(p.Name, ".") // its further parts follow a dot
					records[record] = true
				}
				if len(records) != 1 {
					w.t.Errorf("the journal holds %d records, want the last one: %v", len(records), records)
				}
			})
		})
	}
}
