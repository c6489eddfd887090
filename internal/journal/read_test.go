package journal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRead looks for the runs of all apps in one list.
func TestRead(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		p, baker := InParams(c.client, app), InParams(c.client, app+"/bake")
		last := record(2, 1, strings.Repeat("x", 9000))
		mustAppend(t, p, record(1, 0, "a"), record(2, 0, "b"), last)
		other := record(7, 0, "another run")
		other.Run = "another"
		mustAppend(t, p, other)
		mustAppend(t, baker, record(3, 0, "a bake"))
		for name, value := range map[string]string{
			"/bluegreen/" + app + "/lease": "{}", "/bluegreen/" + app + "/ami": "ami-1",
			"/bluegreen/" + app + "/deployments/cut/000001/000000": `{"v":1,"run":"cut`, // its second part was never written
		} {
			if _, err := c.client.Overwrite(t.Context(), name, value); err != nil {
				t.Fatal(err)
			}
		}
		list, err := c.client.List(t.Context(), "/bluegreen/")
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(list)
		if err != nil {
			t.Fatal(err)
		}
		want := []Kept{{app, last}, {app, other}, {app + "/bake", record(3, 0, "a bake")}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for i := range list {
			list[i].Value = strings.Replace(list[i].Value, `"v":1`, `"v":99`, 1)
		}
		if _, err := Read(list); err == nil || !strings.Contains(err.Error(), "written by another release") {
			t.Errorf("of another release: %v", err)
		}
	})
}
