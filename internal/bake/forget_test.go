package bake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// TestOldRunsAreForgotten bakes as the 504th run: the first ones go from the journal, and newer ones stay.
func TestOldRunsAreForgotten(t *testing.T) {
	inWorld(t, "", func(ctx context.Context, w *world) {
		params := w.cloud(nil).Params
		store := journal.InParams(params, "shop/bake")
		for _, number := range []int{1, 3, 4, 5, 100} {
			r := step.Record{
				Version: step.RecordVersion, Run: fmt.Sprintf("bake-%06d", number), Workflow: "bake", Epoch: int64(number),
				Phase: step.Ended, Outcome: step.Succeeded, State: []byte("{}"), Time: time.Now(),
			}
			if err := store.Append(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		lease := journal.LeaseInParams(params, "shop/bake", time.Minute)
		if err := lease.Take(ctx, "bake-000503", "somebody", 503); err != nil {
			t.Fatal(err)
		}
		if err := lease.Release(ctx); err != nil {
			t.Fatal(err)
		}

		w.bakes(ctx, "")
		found, err := params.List(ctx, "/bluegreen/shop/bake/deployments")
		if err != nil {
			t.Fatal(err)
		}
		var runs []string
		for _, f := range found {
			run, _, _ := strings.Cut(strings.TrimPrefix(f.Name, "/bluegreen/shop/bake/deployments/"), "/")
			if n := len(runs); n == 0 || runs[n-1] != run {
				runs = append(runs, run)
			}
		}
		if diff := cmp.Diff([]string{"bake-000005", "bake-000100", "bake-000504"}, runs); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}
