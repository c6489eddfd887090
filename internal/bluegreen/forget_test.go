package bluegreen_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/journal"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// TestOldDeploymentsAreForgotten cuts over as the 103rd deployment of an app: the two oldest that have ended go from the journal.
func TestOldDeploymentsAreForgotten(t *testing.T) {
	inWorld(t, stack.Spec{}, func(ctx context.Context, w *world) {
		app, _ := w.process("the past", nil)
		store := journal.InParams(app.Cloud.Params, app.Config.App)
		begun := time.Now().Add(-200 * time.Hour)
		for n := range 102 {
			r := step.Record{
				Version: step.RecordVersion, Run: fmt.Sprintf("20250101-%06d-abcdef", n), Workflow: "cutover", Epoch: 1,
				Phase: step.Ended, Outcome: step.Succeeded, State: []byte("{}"), Time: begun.Add(time.Duration(n) * time.Hour),
			}
			if n == 1 {
				r.Phase, r.Outcome = step.Running, "" // it waits for somebody
			}
			if err := store.Append(ctx, r); err != nil {
				w.t.Fatal(err)
			}
		}
		w.must(ctx, "the present", cutoverTo(traffic.Green), brisk)

		found, err := app.Cloud.Params.List(ctx, "/bluegreen/shop/deployments")
		if err != nil {
			w.t.Fatal(err)
		}
		runs := map[string]bool{}
		for _, f := range found {
			run, _, _ := strings.Cut(strings.TrimPrefix(f.Name, "/bluegreen/shop/deployments/"), "/")
			runs[run] = true
		}
		got := map[string]bool{}
		for n := range 4 {
			run := fmt.Sprintf("20250101-%06d-abcdef", n)
			got[run] = runs[run]
		}
		want := map[string]bool{
			"20250101-000000-abcdef": false, "20250101-000001-abcdef": true, "20250101-000002-abcdef": false, "20250101-000003-abcdef": true,
		}
		if diff := cmp.Diff(want, got); diff != "" || len(runs) != 101 {
			w.t.Errorf("%d runs are left, want 101 (-want +got):\n%s", len(runs), diff)
		}
	})
}
