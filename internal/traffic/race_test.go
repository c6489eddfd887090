package traffic

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	r53 "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/aws/dns"
	"bluegreen/internal/sandbox/route53"
	"bluegreen/internal/sandbox/wire"
)

// move is one thing that somebody does after a pause.
type move struct {
	Pause, Think time.Duration // before reading, and between reading and writing
	Weights      Weights       // an operator's
	Record       int           // a hand's: which of the app's records, and its new weight
	Weight       int64
}

func anyMoves(t *rapid.T, who string) []move {
	pause := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 30).Draw(t, "pause")) * 100 * time.Millisecond
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
		return move{
			Pause: pause.Draw(t, "before"), Think: pause.Draw(t, "think"),
			Weights: rapid.MapOfN(rapid.SampledFrom(Colors), rapid.IntRange(1, MaxWeight), 1, 2).Draw(t, "weights"),
			Record:  rapid.IntRange(0, 7).Draw(t, "record"), Weight: rapid.Int64Range(1, MaxWeight).Draw(t, "weight"),
		}
	}), 1, 6).Draw(t, who)
}

// attempt is what an operator was told of one batch.
type attempt struct {
	nonce   string
	applied Applied
	err     error
}

// Two operators and a hand change the same records at once, and replies get lost.
func TestRacingChanges(t *testing.T) {
	kinds := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		first, second, hand := anyMoves(rt, "first"), anyMoves(rt, "second"), anyMoves(rt, "hand")
		var faults []wire.Fault
		for range rapid.IntRange(0, 4).Draw(rt, "faults") {
			faults = append(faults, strike(rapid.IntRange(1, 20).Draw(rt, "nth"), rapid.SampledFrom([]int{1, 2, 9}).Draw(rt, "times"), wire.ActionLostReply))
		}
		failed := false
		inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
			defer func() { failed = t.Failed() }()
			w.front.Latency.Set("route53", "", 100*time.Millisecond)
			w.front.Faults.Add(faults...)
			start := w.front.Calls.Count()
			before := w.read(t)
			attempts := make([][]attempt, 2)
			var all sync.WaitGroup
			for i, moves := range [][]move{first, second} {
				all.Go(func() { attempts[i] = operate(t, w, fmt.Sprintf("operator-%d", i+1), moves) })
			}
			all.Go(func() { meddle(t, w, hand) })
			all.Wait()
			w.front.Faults.Clear()
			h := &history{zone: map[string]dns.Record{}, epochs: map[int64]string{}, nonces: map[string]bool{}}
			for _, r := range before.Records {
				h.zone[r.Key()] = r
			}
			for _, call := range w.front.Calls.Since(start) {
				if in, ok := call.Input.(*sdk.ChangeResourceRecordSetsInput); ok && call.Code == "" {
					h.replay(t, in)
				}
			}
			for _, list := range attempts {
				for _, a := range list {
					kinds[h.judge(t, a)]++
				}
			}
			h.mustBe(t, w.read(t))
		})
		if failed {
			rt.FailNow()
		}
	})
	for _, kind := range []string{"applied", "bumped", "preempted", "foreign"} {
		if kinds[kind] == 0 {
			t.Errorf("no attempt was %s: the races are too tame (%v)", kind, kinds)
		}
	}
}

// operate takes the fence over and over again.
func operate(t *testing.T, w *world, deployment string, moves []move) []attempt {
	var list []attempt
	for _, m := range moves {
		time.Sleep(m.Pause)
		from, err := w.zone.Read(t.Context())
		if err != nil {
			t.Error(err)
			return list
		}
		old, _, err := from.ParseFence()
		if err != nil {
			t.Error(err)
			return list
		}
		fence := Fence{Epoch: old.Epoch + 1, Deployment: deployment, Op: OpShift, To: Green, Was: Weights{Blue: 100}, Old: Pinned}
		b, err := w.zone.App.Plan(from, Want{Weights: m.Weights, Fence: fence, Targets: targets, Proven: Colors})
		if err != nil {
			t.Error(err)
			return list
		}
		time.Sleep(m.Think)
		applied, err := w.zone.Apply(t.Context(), b)
		list = append(list, attempt{b.Fence.Nonce, applied, err})
	}
	return list
}

// meddle writes over whatever is there.
func meddle(t *testing.T, w *world, moves []move) {
	for _, m := range moves {
		time.Sleep(m.Pause)
		name, rrtype, c := shop.Names[m.Record&1], []string{"A", "AAAA"}[m.Record>>1&1], Colors[m.Record>>2]
		_ = w.upsert(t.Context(), alias(name, rrtype, c, m.Weight)) // whether it came to be is for the log to say
	}
}

// history is what the batches that Route 53 took made of the zone, one after the other.
type history struct {
	zone   map[string]dns.Record
	epochs map[int64]string // who had which
	nonces map[string]bool
}

func (h *history) replay(t *testing.T, in *sdk.ChangeResourceRecordSetsInput) {
	for _, c := range in.ChangeBatch.Changes {
		r := record(*c.ResourceRecordSet)
		there, exists := h.zone[r.Key()]
		switch c.Action {
		case r53.ChangeActionUpsert:
		case r53.ChangeActionDelete:
			if !exists || !there.Equal(r) {
				t.Errorf("%s was deleted, but it was %s: somebody's change was overwritten unread", r, there)
			}
			delete(h.zone, r.Key())
			continue
		case r53.ChangeActionCreate:
			if exists {
				t.Errorf("%s was created over %s", r, there)
			}
		}
		h.zone[r.Key()] = r
		if r.Type == "TXT" {
			h.fenced(t, r.Values[0])
		}
	}
}

// fenced notes a new fence: epochs have one holder each, and only grow.
func (h *history) fenced(t *testing.T, value string) {
	f, err := ParseFence(value)
	if err != nil {
		t.Error(err)
		return
	}
	h.nonces[f.Nonce] = true
	if holder, taken := h.epochs[f.Epoch]; taken && holder != f.Deployment {
		t.Errorf("epoch %d has two holders: %s and %s", f.Epoch, holder, f.Deployment)
	}
	h.epochs[f.Epoch] = f.Deployment
	for epoch := range h.epochs {
		if epoch > f.Epoch {
			t.Errorf("epoch %d came after epoch %d", f.Epoch, epoch)
		}
	}
}

// judge checks that an operator was told the truth, and says what that was.
func (h *history) judge(t *testing.T, a attempt) string {
	var preempted *PreemptedError
	var foreign *ForeignError
	switch {
	case a.err == nil:
		if !h.nonces[a.nonce] || !h.nonces[a.applied.Fence.Nonce] {
			t.Errorf("batch %s did not come to be, but its operator was told so", a.nonce)
		}
		if a.nonce != a.applied.Fence.Nonce {
			return "bumped"
		}
		return "applied"
	case errors.As(a.err, &preempted):
		if !h.nonces[preempted.By.Nonce] {
			t.Errorf("preempted by %v, which never was", preempted.By)
		}
		return "preempted"
	case errors.As(a.err, &foreign):
		return "foreign"
	case strings.Contains(a.err.Error(), "in a row were lost"):
		return "lost"
	}
	if h.nonces[a.nonce] {
		t.Errorf("batch %s came to be, but its operator was told %v", a.nonce, a.err)
	}
	return "failed"
}

func (h *history) mustBe(t *testing.T, found Set) {
	zone := map[string]dns.Record{}
	for _, r := range found.Records {
		zone[r.Key()] = r
	}
	if found.Fence != nil {
		zone[found.Fence.Key()] = *found.Fence
	}
	if diff := cmp.Diff(h.zone, zone); diff != "" {
		t.Errorf("the zone is not what the batches make of it: %s", diff)
	}
}

// record is a record as a call to change it says.
func record(s r53.ResourceRecordSet) dns.Record {
	r := dns.Record{Name: *s.Name, Type: string(s.Type)}
	if s.SetIdentifier != nil {
		r.SetID, r.Weight, r.Policy = *s.SetIdentifier, *s.Weight, dns.Weighted
	}
	if s.TTL != nil {
		r.TTL = *s.TTL
	}
	for _, v := range s.ResourceRecords {
		r.Values = append(r.Values, *v.Value)
	}
	if a := s.AliasTarget; a != nil {
		r.Alias = &dns.Alias{Name: *a.DNSName, ZoneID: *a.HostedZoneId, EvaluateHealth: a.EvaluateTargetHealth}
	}
	return r
}
