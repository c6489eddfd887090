package journal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
