package prune_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/prune"
)

func find(uses map[string][]prune.Use, err error) func(context.Context, []string) (map[string][]prune.Use, error) {
	return func(context.Context, []string) (map[string][]prune.Use, error) { return uses, err }
}

// TestCollect is about ami-x in eu, which waits for nothing but to be deregistered.
func TestCollect(t *testing.T) {
	x := with(last(image("ami-x", 100)), func(i *prune.Image) { i.Region = "eu" })
	nobody := prune.Check{Name: "nobody", Find: find(nil, nil)}
	for name, c := range map[string]struct {
		checks []prune.Check
		asked  []prune.Ref
		uses   []prune.Use
	}{
		"nobody": {[]prune.Check{nobody}, []prune.Ref{x.Ref}, nil},
		"no checks": {
			nil, []prune.Ref{x.Ref},
			[]prune.Use{{"unknown: no check was made"}},
		},
		"all checks skipped": {
			[]prune.Check{{Name: "reports", Skip: "not configured"}}, []prune.Ref{x.Ref},
			[]prune.Use{{"unknown: no check was made"}},
		},
		"checks of another region only": {
			[]prune.Check{{Name: "instances", Region: "us", Find: find(nil, nil)}}, []prune.Ref{x.Ref},
			[]prune.Use{{"unknown: no check was made"}},
		},
		"a check of nothing": {
			[]prune.Check{nobody, {Name: "instances"}}, []prune.Ref{x.Ref},
			[]prune.Use{{"unknown: instances: nothing was asked"}},
		},
		"an image that nobody asked about": {
			[]prune.Check{nobody}, nil,
			[]prune.Use{{"unknown: it was not there when uses were looked for"}},
		},
		"an image with the same id elsewhere": {
			[]prune.Check{nobody, {Name: "instances", Region: "us", Find: find(map[string][]prune.Use{"ami-x": {{"instance i-1"}}}, nil)}},
			[]prune.Ref{x.Ref, {Region: "us", ID: "ami-x"}}, nil,
		},
		"an error elsewhere": {
			[]prune.Check{nobody, {Name: "instances", Region: "us", Find: find(nil, errors.New("denied"))}},
			[]prune.Ref{x.Ref, {Region: "us", ID: "ami-y"}},
			[]prune.Use{{"unknown: instances in us: denied"}},
		},
		"an error with an answer": {
			[]prune.Check{{Name: "instances", Find: find(map[string][]prune.Use{"ami-y": {{"instance i-1"}}}, errors.New("throttled"))}},
			[]prune.Ref{x.Ref},
			[]prune.Use{{"unknown: instances: throttled"}, {"unknown: no check was made"}},
		},
		"one use twice": {
			[]prune.Check{
				{Name: "instances", Find: find(map[string][]prune.Use{"ami-x": {{"instance i-2"}, {"instance i-1"}}}, nil)},
				{Name: "references", Find: find(map[string][]prune.Use{"ami-x": {{"instance i-1"}}}, nil)},
			},
			[]prune.Ref{x.Ref},
			[]prune.Use{{"instance i-1"}, {"instance i-2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := prune.Decide([]prune.Image{x}, prune.Collect(t.Context(), c.checks, c.asked), policy, time.Now())[0]
			if diff := cmp.Diff(c.uses, v.Uses); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			want := prune.Keep
			if len(c.uses) == 0 {
				want = prune.Deregister
			}
			if v.Action != want {
				t.Errorf("%s, want %s", v.Action, want)
			}
		})
	}
}

func TestChecksRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, _ []string) (map[string][]prune.Use, error) {
			select {
			case <-time.After(time.Second):
				return nil, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		began := time.Now()
		prune.Collect(t.Context(), []prune.Check{{Name: "a", Find: slow}, {Name: "b", Find: slow}, {Name: "c", Find: slow}}, []prune.Ref{{ID: "ami-x"}})
		if took := time.Since(began); took != time.Second {
			t.Errorf("three checks of a second each took %v", took)
		}
	})
}

func TestAskedSaysWhatUsersAre(t *testing.T) {
	ask := func(_ context.Context, ids []string) (map[string][]string, error) {
		return map[string][]string{ids[0]: {"recipe r-1"}}, nil
	}
	for what, want := range map[string]string{"": "recipe r-1", "image": "image recipe r-1"} {
		uses, err := prune.Asked("references", what, ask).Find(t.Context(), []string{"ami-x"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string][]prune.Use{"ami-x": {{By: want}}}, uses); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestAliasesAreResolvedOnce(t *testing.T) {
	calls := 0
	check := prune.Templates{
		Versions: func(context.Context) ([]prune.TemplateVersion, error) {
			return []prune.TemplateVersion{
				{Template: "lt-1", Version: 1, Image: "resolve:ssm:/shop/ami", Default: true},
				{Template: "lt-2", Version: 1, Image: "resolve:ssm:/shop/ami", Latest: true},
			}, nil
		},
		Runs:    func(context.Context) ([]prune.Run, error) { return nil, nil },
		Groups:  func(context.Context) ([]prune.Group, error) { return nil, nil },
		Resolve: func(context.Context, string) (string, error) { calls++; return "ami-x", nil },
	}.Check()
	uses, err := check.Find(t.Context(), []string{"ami-x"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]prune.Use{"ami-x": {{"launch template lt-1 version 1 ($Default)"}, {"launch template lt-2 version 1 ($Latest)"}}}
	if diff := cmp.Diff(want, uses); diff != "" || calls != 1 {
		t.Errorf("%d calls (-want +got):\n%s", calls, diff)
	}
}

func TestAliasWithoutResolver(t *testing.T) {
	check := prune.Templates{
		Versions: func(context.Context) ([]prune.TemplateVersion, error) {
			return []prune.TemplateVersion{{Template: "lt-1", Version: 1, Image: "resolve:ssm:/shop/ami", Default: true}}, nil
		},
		Runs:   func(context.Context) ([]prune.Run, error) { return nil, nil },
		Groups: func(context.Context) ([]prune.Group, error) { return nil, nil },
	}.Check()
	if _, err := check.Find(t.Context(), []string{"ami-x"}); err == nil {
		t.Error("an alias that nobody can resolve is no image")
	}
}
