package facts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/facts"
)

func TestAdd(t *testing.T) {
	type rule struct {
		Priority *int32
		Hosts    []string
		ARN      *string
		Next     *rule
		hidden   string
	}
	f := facts.Facts{}
	f.Add("listener/443", struct {
		Rules []rule
		Tags  map[string]string
		Since *time.Time
		On    *bool
		Empty *string
		None  *rule
	}{
		Rules: []rule{
			{Priority: p(int32(10)), Hosts: []string{"b", "a"}, ARN: p("arn:1"), Next: &rule{Hosts: []string{"c"}, hidden: "x"}},
			{Priority: p(int32(20)), Hosts: []string{"b,c", "a"}},
		},
		Tags: map[string]string{"k": "v", "empty": ""}, Since: p(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), On: p(false), Empty: p(""),
	}, "ARN")
	want := facts.Facts{
		"listener/443/Rules[0]/Priority":   "10",
		"listener/443/Rules[0]/Hosts":      "a,b",
		"listener/443/Rules[0]/Next/Hosts": "c",
		"listener/443/Rules[1]/Priority":   "20",
		"listener/443/Rules[1]/Hosts":      `"b,c",a`,
		"listener/443/Tags/k":              "v",
		"listener/443/Tags/empty":          "",
		"listener/443/Since":               "2026-01-02 03:04:05 +0000 UTC",
		"listener/443/On":                  "false",
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestCompare(t *testing.T) {
	source := facts.Facts{"a": "1", "arn:blue/b": "arn:blue", "c": "3", "tag/e": "", "tag/f": "arn:blue"}.
		Rewrite(strings.NewReplacer("arn:blue", "arn:green"), func(path string) bool { return strings.HasPrefix(path, "tag/") })
	var got []string
	for _, d := range facts.Compare(source, facts.Facts{"a": "2", "arn:green/b": "arn:green", "d": "4", "tag/f": "arn:blue"}) {
		got = append(got, d.String())
	}
	want := []string{"a is 2, not 1", "c is missing (3)", "d is new (4)", "tag/e is missing ()"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}
