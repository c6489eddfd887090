package secret_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/secret"
	"bluegreen/internal/aws/sealed"
)

// What is never looked at for a new version is no reason to replace a container when an agent starts: neither a file nor a
// variable. What it is from is.
func TestVersionWithoutRefresh(t *testing.T) {
	never := func(o *secret.Options) {
		db := o.Secrets["db"]
		db.Refresh = 0
		o.Secrets["db"] = db
	}
	s, dir := &store{version: map[string]int{}}, memory(t)
	first := newBench(t, s, dir, never)
	first.must(t, first.Fetch(t.Context()))
	first.must(t, first.Write(me))
	before := first.Versions()
	s.rotate("db")
	s.rotate("TOKEN")
	second := newBench(t, s, dir, never)
	second.must(t, second.Fetch(t.Context()))
	if diff := cmp.Diff(before, second.Versions()); diff != "" {
		t.Error(diff)
	}
	third := newBench(t, s, dir, never, func(o *secret.Options) {
		db := o.Secrets["db"]
		db.From = "ssm:/elsewhere"
		o.Secrets["db"] = db
	})
	third.must(t, third.Fetch(t.Context()))
	if third.Versions()["db"] == before["db"] {
		t.Error("a secret from elsewhere counts as the same")
	}
}

// One text of a secret that has many keeps its version while another one changes, for this agent and for the next; and so does
// one that is stored again as it is.
func TestVersionOfTheSameText(t *testing.T) {
	now := secret.Value{Text: sealed.New(planted), Version: "1"}
	keeper := func(dir string) *bench {
		return newBench(t, &store{}, dir, func(o *secret.Options) {
			for name, s := range o.Secrets {
				s.Restart, s.Refresh = true, o.Secrets["db"].Refresh
				s.Fetch = func(context.Context) (secret.Value, error) { return now, nil }
				o.Secrets[name] = s
			}
		})
	}
	all := func(version string) map[string]string {
		return map[string]string{"db": "ssm:/db " + version, "key": "ssm:/key " + version, "TOKEN": "ssm:/token " + version}
	}
	dir := memory(t)
	b := keeper(dir)
	for i, step := range []struct {
		text, version string
		restart       bool // of the agent, before
		want          string
	}{
		{planted, "1", false, "1"},
		{planted, "2", false, "1"},
		{planted, "3", true, "1"},
		{planted, "4", false, "1"},
		{planted + "-new", "5", false, "5"},
		{planted + "-new", "6", true, "5"},
		{planted, "7", true, "7"},
	} {
		t.Run(fmt.Sprint(i, step), func(t *testing.T) {
			now = secret.Value{Text: sealed.New(step.text), Version: step.version}
			if step.restart {
				b = keeper(dir)
			}
			b.must(t, b.Fetch(t.Context()))
			b.must(t, b.Write(me))
			if diff := cmp.Diff(all(step.want), b.Versions()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
