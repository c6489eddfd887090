package facts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/facts"
)

type inner struct {
	Text    *string
	List    []string
	Numbers []int
	Flag    *bool
}

type described struct {
	Name    *string
	Kind    string
	Size    *int32
	List    []string
	Inner   *inner
	Inners  []inner
	Map     map[string]string
	When    *time.Time
	Other   int // of another type in the request
	Ignored *string
}

type request struct {
	Name    *string
	Kind    string
	Size    *int32
	List    []string
	Inner   *inner
	Inners  []inner
	Map     map[string]string
	When    *time.Time
	Other   string
	Ignored *string
	Extra   *string
}

func p[T any](v T) *T { return &v }

func TestCopy(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name string
		from described
		want request
	}{
		{"what says something", described{
			Name: p("n"), Kind: "k", Size: p(int32(0)), List: []string{"a"}, Map: map[string]string{"k": "v"}, When: &when,
			Inner: &inner{Text: p("t"), Flag: p(false)}, Inners: []inner{{Numbers: []int{0, 1}}}, Other: 1, Ignored: p("i"),
		}, request{
			Name: p("n"), Kind: "k", Size: p(int32(0)), List: []string{"a"}, Map: map[string]string{"k": "v"}, When: &when,
			Inner: &inner{Text: p("t"), Flag: p(false)}, Inners: []inner{{Numbers: []int{0, 1}}},
		}},
		{"empty lists, maps, texts and structures", described{
			Name: p(""), List: []string{}, Map: map[string]string{}, Inner: &inner{List: []string{}}, Inners: []inner{},
		}, request{}},
		{"an empty text inside says something", described{Inner: &inner{Text: p(""), List: []string{}}}, request{Inner: &inner{Text: p("")}}},
		{"elements keep their places", described{Inners: []inner{{}, {Text: p("x")}}}, request{Inners: []inner{{}, {Text: p("x")}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got request
			facts.Copy(&got, &tc.from, "Ignored")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("copy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCopySharesNothing(t *testing.T) {
	from := described{Name: p("n"), List: []string{"a"}, Inner: &inner{List: []string{"b"}}, Map: map[string]string{"k": "v"}}
	var got request
	facts.Copy(&got, from)
	*got.Name, got.List[0], got.Inner.List[0], got.Map["k"] = "x", "x", "x", "x"
	want := described{Name: p("n"), List: []string{"a"}, Inner: &inner{List: []string{"b"}}, Map: map[string]string{"k": "v"}}
	if diff := cmp.Diff(want, from); diff != "" {
		t.Errorf("the source changed with its copy (-want +got):\n%s", diff)
	}
}
