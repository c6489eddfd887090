package journal

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/step"
)

// TestTrim looks at what is left of a run that has ended: its newest record, in all its parts, and nothing of other runs is
// touched.
func TestTrim(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		p := InParams(c.client, app)
		large := strings.Repeat("x", 9000)
		mustAppend(t, p, record(1, 0, "a"), record(1, 1, large), record(2, 0, "b"))
		newest := record(2, 1, large)
		other := record(7, 0, "another run")
		other.Run = "another"
		mustAppend(t, p, newest, other)

		for range 2 { // to do it again changes nothing
			if err := p.Trim(t.Context(), run); err != nil {
				t.Fatal(err)
			}
			found, err := c.client.List(t.Context(), "/bluegreen/"+app+"/deployments")
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, f := range found {
				names = append(names, strings.TrimPrefix(f.Name, "/bluegreen/"+app+"/deployments/"))
			}
			want := []string{
				"20260101-000000-abcdef/000002/000001", "20260101-000000-abcdef/000002/000001.2", "20260101-000000-abcdef/000002/000001.3",
				"another/000007/000000",
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Fatal(diff)
			}
			mustBeLatest(t, p, newest)
		}
		if err := p.Trim(t.Context(), "unknown"); err != nil {
			t.Fatal(err)
		}
	})
}

// TestForget takes away a run that has ended, and nothing else.
func TestForget(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		p := InParams(c.client, app)
		over, open := record(1, 0, strings.Repeat("x", 9000)), record(1, 0, "under way")
		over.Run, over.Phase = "over", step.Ended
		open.Run, open.Phase = "open", step.Running
		mustAppend(t, p, over, open)
		for _, run := range []string{"over", "open", "unknown", "over"} {
			if err := p.Forget(t.Context(), run); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Latest(t.Context(), "over"); !errors.Is(err, step.ErrNoRun) {
			t.Errorf("it is there still: %v", err)
		}
		mustBeLatest(t, p, open)
	})
}
