package dns

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNormal(t *testing.T) {
	for name, want := range map[string]string{
		"example.com": "example.com.", "Shop.Example.COM.": "shop.example.com.", "*.example.com": `\052.example.com.`,
		`\052.example.com.`: `\052.example.com.`, "_bluegreen-shop.example.com": "_bluegreen-shop.example.com.",
		"a.*.example.com": "a.*.example.com.", "": ".",
	} {
		if got := Normal(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if got := Normal(want); got != want {
			t.Errorf("%s again: got %s", want, got)
		}
	}
}

// Names are compared as Route 53 lists them: "-" stands before the dot that ends a label.
func TestOrderIsThatOfRoute53(t *testing.T) {
	label := rapid.SampledFrom([]string{"a", "b", "a-b", "a-", "-a", "_a", "a0", "0", "aa", "*"})
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
			name := "example.com"
			for i, l := range rapid.SliceOfN(label, 1, 3).Draw(t, "labels") {
				if l == "*" && i < 2 {
					l = "x"
				}
				name = l + "." + name
			}
			return Normal(name)
		}), 2, 12, func(s string) string { return s }).Draw(rt, "names")
		failed := false
		inCloud(t, func(t *testing.T, c *cloud) {
			defer func() { failed = t.Failed() }()
			zone := c.zone("example.com", "")
			var records []Record
			for _, n := range names {
				records = append(records, simple(n, "x"))
			}
			c.create(zone, records...)
			found, err := c.client.List(t.Context(), zone, names...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range found {
				got = append(got, r.Name)
			}
			slices.SortFunc(names, Compare)
			if diff := cmp.Diff(names, got); diff != "" {
				t.Error(diff)
			}
		})
		if failed {
			rt.FailNow()
		}
	})
}

func TestList(t *testing.T) {
	const app, api, fence = "shop.example.com.", "shop-api.example.com.", "_bluegreen-shop.shop.example.com."
	ours := []Record{
		weighted(api, "A", "blue", 100), weighted(api, "A", "green", 0),
		weighted(app, "A", "blue", 100), weighted(app, "A", "green", 0), weighted(app, "AAAA", "blue", 100), weighted(app, "AAAA", "green", 0),
		simple(fence, "bluegreen1 …"),
	}
	filler := func(format string, n int) []Record {
		var records []Record
		for i := range n {
			records = append(records, simple(fmt.Sprintf(format, i), "x"))
		}
		return records
	}
	for name, c := range map[string]struct {
		others []Record
		calls  int
	}{
		"a small zone":                       {nil, 1},
		"many records before and after":      {slices.Concat(filler("a%03d.example.com.", 500), filler("z%03d.example.com.", 500)), 1},
		"many records between two names":     {filler("shop-m%03d.example.com.", 1000), 2},
		"many records after the fence":       {filler("a%03d.shop.example.com.", 500), 1},
		"many records before the fence":      {filler("0%03d.shop.example.com.", 500), 2},
		"many records everywhere":            {slices.Concat(filler("shop-m%03d.example.com.", 400), filler("0%03d.shop.example.com.", 400)), 3},
		"a page ends in the middle of names": {filler("shop-m%03d.example.com.", 300-2-3), 2},
	} {
		t.Run(name, func(t *testing.T) {
			inCloud(t, func(t *testing.T, cl *cloud) {
				zone := cl.zone("example.com", "")
				cl.create(zone, c.others...)
				cl.create(zone, ours...)
				var got []Record
				calls := cl.calls("ListResourceRecordSets", func() {
					var err error
					if got, err = cl.client.List(t.Context(), zone, "Shop.Example.com", fence, api); err != nil {
						t.Fatal(err)
					}
				})
				if diff := cmp.Diff(ours, got); diff != "" {
					t.Error(diff)
				}
				if calls != c.calls {
					t.Errorf("%d calls, want %d", calls, c.calls)
				}
			})
		})
	}
}
