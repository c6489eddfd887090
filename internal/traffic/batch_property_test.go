package traffic

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bluegreen/internal/aws/dns"
)

// anySet is a set as it can be listed, with all names and types at the same weights or not.
func anySet(t *rapid.T) Set {
	s := Set{}
	uniform := rapid.Bool().Draw(t, "uniform")
	w := anyWeights(t, "weights")
	for _, name := range shop.Names[:rapid.IntRange(1, 2).Draw(t, "names")] {
		for _, rrtype := range []string{"A", "AAAA", "HTTPS"}[:rapid.IntRange(1, 3).Draw(t, "types")] {
			if !uniform {
				w = anyWeights(t, "its weights")
			}
			for _, c := range Colors {
				weight, has := w[c]
				if !has {
					continue
				}
				if rrtype == "HTTPS" {
					s.Records = append(s.Records, plain(name, rrtype, c, int64(weight), "1 ."))
				} else {
					s.Records = append(s.Records, alias(name, rrtype, c, int64(weight)))
				}
			}
		}
	}
	if rapid.Bool().Draw(t, "fenced") {
		s.Fence = fenceRecord(anyFence(t))
	}
	return s
}

// Whatever is asked for, a batch that is planned breaks no promise, does what it says and touches nothing else.
func TestPlannedBatchesKeepThePromises(t *testing.T) {
	planned, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		from := anySet(t)
		want := Want{
			Weights: rapid.MapOfN(rapid.SampledFrom(Colors), rapid.IntRange(-1, 256), 0, 2).Draw(t, "wanted"), Fence: anyFence(t),
			Proven: rapid.SliceOfDistinct(rapid.SampledFrom(Colors), rapid.ID[Color]).Draw(t, "proven"),
		}
		if rapid.Bool().Draw(t, "targets known") {
			want.Targets = targets
		}
		b, err := shop.Plan(from, want)
		var invariant *InvariantError
		var target *UnknownTargetError
		if err != nil {
			if refused++; !errors.As(err, &invariant) && !errors.As(err, &target) && !strings.Contains(err.Error(), "is no alias") {
				t.Fatal(err)
			}
			return
		}
		planned++
		mustApply(t, b)
		mustServe(t, from, b.To, want)
		mustSwap(t, b)
	})
	if planned == 0 || refused == 0 {
		t.Errorf("%d planned, %d refused: nothing was tested", planned, refused)
	}
}

// mustServe is promise 1 on the set that is left.
func mustServe(t *rapid.T, from, to Set, want Want) {
	groups := map[string]int{}
	for _, r := range from.Records {
		groups[r.Name+" "+r.Type] = 0
	}
	for _, r := range to.Records {
		c, ours := shop.color(r.SetID)
		if !ours || !slices.Contains(want.Proven, c) {
			t.Fatalf("%s has not proven itself", r)
		}
		if _, known := groups[r.Name+" "+r.Type]; !known {
			t.Fatalf("%s was not asked for", r)
		}
		if int(r.Weight) != want.Weights[c] {
			t.Fatalf("%s has not weight %d", r, want.Weights[c])
		}
		groups[r.Name+" "+r.Type] += int(r.Weight)
	}
	for key, sum := range groups {
		if sum == 0 {
			t.Fatalf("nobody serves %s", key)
		}
	}
	w, err := shop.Weights(to)
	if err != nil || !maps.Equal(w, want.Weights) {
		t.Fatalf("weights %s: %v", w, err)
	}
	fence, ok, err := to.ParseFence()
	want.Fence.Nonce = fence.Nonce
	if diff := cmp.Diff(want.Fence, fence); !ok || err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
}

// mustSwap checks that a batch fails if anything was changed since the set was listed: all that was there is deleted as it was.
func mustSwap(t *rapid.T, b Batch) {
	var deleted []dns.Record
	for _, c := range b.Changes {
		if c.Action == dns.Delete && c.Record.Name != shop.Fence {
			deleted = append(deleted, c.Record)
		}
	}
	if diff := cmp.Diff(b.From.Records, deleted); diff != "" {
		t.Fatal(diff)
	}
}

// To other weights and back is where it began.
func TestReweighRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := anySet(t)
		before, err := shop.Weights(from)
		if err != nil {
			return
		}
		there, err := shop.Reweigh(from, anyWeights(t, "there"), targets, from.Records...)
		if err != nil {
			return // nobody knows how a record looked that never was
		}
		back, err := shop.Reweigh(Set{Records: there}, before, targets, from.Records...)
		if diff := cmp.Diff(from.Records, back); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
}
