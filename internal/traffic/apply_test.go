package traffic

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/sandbox/route53"
	"bluegreen/internal/sandbox/wire"
)

func TestApply(t *testing.T) {
	inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		for epoch, weights := range []Weights{{Blue: 100}, {Blue: 90, Green: 10}, {Blue: 50, Green: 50}, {Blue: 0, Green: 100}, {Blue: 100}} {
			b := w.plan(t, int64(epoch+1), weights)
			var applied Applied
			var err error
			if n := w.accepted(func() { applied, err = w.zone.Apply(ctx, b) }); err != nil || n != 1 {
				t.Fatalf("%d batches, %v", n, err)
			}
			if diff := cmp.Diff(Applied{b.To, b.Fence, applied.ChangeID}, applied); diff != "" {
				t.Error(diff)
			}
			mustHold(t, w, applied, weights)
			time.Sleep(time.Minute)
			if synced, err := w.zone.Client.Synced(ctx, applied.ChangeID); !synced || err != nil {
				t.Errorf("a minute later: %v, %v", synced, err)
			}
		}
	})
}

// mustHold checks that the zone holds what a batch says it left.
func mustHold(t *testing.T, w *world, a Applied, weights Weights) {
	t.Helper()
	found := w.read(t)
	if diff := cmp.Diff(a.Set, found); diff != "" {
		t.Errorf("the zone holds something else: %s", diff)
	}
	if err := w.zone.Check(a.Set, found); err != nil {
		t.Errorf("check: %v", err)
	}
	if got, err := w.zone.App.Weights(found); err != nil || !got.Equal(weights) {
		t.Errorf("the weights are %s, want %s (%v)", got, weights, err)
	}
}

// A batch whose reply is lost is found to have come to be, however the SDK's own retries end; the change id stands for a
// batch after it.
func TestApplyWithLostReplies(t *testing.T) {
	for what, c := range map[string]struct {
		faults   []wire.Fault
		accepted int
	}{
		"the reply":                     {[]wire.Fault{strike(1, 1, wire.ActionLostReply)}, 2},
		"every reply to the SDK":        {[]wire.Fault{strike(1, 9, wire.ActionLostReply)}, 2},
		"the reply, and throttled then": {[]wire.Fault{strike(1, 1, wire.ActionLostReply), strike(2, 8, wire.ActionThrottle)}, 2},
		"the reply, and a dead network": {[]wire.Fault{strike(1, 1, wire.ActionLostReply), strike(2, 8, wire.ActionCrashBefore)}, 2},
		"the reply, and not allowed then": {
			[]wire.Fault{strike(1, 1, wire.ActionLostReply), {Operation: "ChangeResourceRecordSets", Nth: 2, Action: wire.ActionError, Code: "AccessDenied", Status: 403}}, 2,
		},
		"the reply to the bump too":  {[]wire.Fault{strike(1, 18, wire.ActionLostReply)}, 3},
		"the reply to four of a row": {[]wire.Fault{strike(1, 36, wire.ActionLostReply)}, 5},
		"no reply, after no effect":  {[]wire.Fault{strike(1, 3, wire.ActionCrashBefore)}, 1},
		"no reply to a list in between": {
			[]wire.Fault{strike(1, 1, wire.ActionLostReply), {Operation: "ListResourceRecordSets", Nth: 1, Times: 3, Action: wire.ActionCrashBefore}}, 2,
		},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, route53.Options{Processing: -1}, func(t *testing.T, w *world) {
				b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
				w.front.Faults.Add(c.faults...)
				var applied Applied
				var err error
				if n := w.accepted(func() { applied, err = w.zone.Apply(t.Context(), b) }); err != nil || n != c.accepted {
					t.Fatalf("%d batches, want %d, %v", n, c.accepted, err)
				}
				w.front.Faults.Clear()
				mustHold(t, w, applied, Weights{Blue: 90, Green: 10})
				if bumped := applied.Fence.Nonce != b.Fence.Nonce; bumped != (c.accepted > 1) {
					t.Errorf("bumped: %v", bumped)
				}
				if _, err := w.zone.Client.Synced(t.Context(), applied.ChangeID); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestApplyGivesUp(t *testing.T) {
	inWorld(t, route53.Options{Processing: -1}, func(t *testing.T, w *world) {
		b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
		w.front.Faults.Add(strike(0, 0, wire.ActionLostReply))
		_, err := w.zone.Apply(t.Context(), b)
		if want := fmt.Sprintf("change the records of zone %s: the replies to 5 batches in a row were lost", w.zone.App.Zone); message(err) != want {
			t.Errorf("got %v", err)
		}
	})
}

// A zone takes one batch at a time. The SDK's retries outlast the batch before.
func TestApplyToABusyZone(t *testing.T) {
	inWorld(t, route53.Options{Processing: 3 * time.Second}, func(t *testing.T, w *world) {
		b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
		if err := w.upsert(t.Context(), dns.Record{Name: "other.example.com.", Type: "TXT", TTL: 60, Values: []string{`"x"`}}); err != nil {
			t.Fatal(err)
		}
		w.front.Faults.Add(strike(3, 1, wire.ActionLostReply))
		applied, err := w.zone.Apply(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		mustHold(t, w, applied, Weights{Blue: 90, Green: 10})
	})
}

// What Route 53 refuses leaves the zone as it was, and the error is Route 53's.
func TestApplyThatIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		fault wire.Fault
		kind  error
		want  string
	}{
		"throttled":       {strike(0, 0, wire.ActionThrottle), awserr.ErrThrottled, "Rate exceeded (Throttling)"},
		"busy for long":   {wire.Fault{Operation: "ChangeResourceRecordSets", Action: wire.ActionError, Code: "PriorRequestNotComplete", Message: "busy"}, awserr.ErrThrottled, "busy (PriorRequestNotComplete)"},
		"not allowed":     {wire.Fault{Operation: "ChangeResourceRecordSets", Action: wire.ActionError, Code: "AccessDenied", Message: "no", Status: 403}, awserr.ErrDenied, "no (AccessDenied)"},
		"Route 53 broken": {wire.Fault{Operation: "ChangeResourceRecordSets", Action: wire.ActionError, Code: "InternalFailure", Message: "oops", Status: 500}, awserr.ErrUnreachable, "oops (InternalFailure)"},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
				b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
				w.front.Faults.Add(c.fault)
				_, err := w.zone.Apply(t.Context(), b)
				if want := "change the records of zone " + w.zone.App.Zone + ": " + c.want; !errors.Is(err, c.kind) || message(err) != want {
					t.Errorf("got %v", err)
				}
				if diff := cmp.Diff(b.From, w.read(t)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	t.Run("a target that is gone", func(t *testing.T) {
		inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
			b, err := w.zone.App.Plan(w.read(t), Want{
				Weights: Weights{Blue: 90, Green: 10}, Fence: someFence(1), Proven: Colors,
				Targets: map[Color]dns.Alias{Green: {Name: "gone.example.org.", ZoneID: albZone}},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.zone.Apply(t.Context(), b)
			var conflict *dns.ConflictError
			if !errors.As(err, &conflict) || len(conflict.Messages) != 4 {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestApplyWithoutRoute53(t *testing.T) {
	inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
		b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
		w.front.Faults.Add(wire.Fault{Service: "route53", Action: wire.ActionCrashBefore})
		if _, err := w.zone.Apply(t.Context(), b); !awserr.Transient(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestApplyThatIsInterrupted(t *testing.T) {
	inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
		b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
		w.front.Latency.Set("route53", "", time.Minute)
		why := errors.New("interrupted")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		begun := time.Now()
		_, err := w.zone.Apply(ctx, b)
		if !errors.Is(err, context.DeadlineExceeded) || awserr.Transient(err) || time.Since(begun) != time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

// A change that somebody makes between the read and the write makes the batch fail whole, and the error says what it was.
func TestApplyAfterAForeignChange(t *testing.T) {
	blue := func(weight int64) dns.Record { return alias("shop.example.com.", "A", Blue, weight) }
	fence := func(change func(*Fence)) dns.Record {
		f := someFence(2)
		f.Nonce = "fedcba9876543210"
		change(&f)
		return *fenceRecord(f)
	}
	for what, c := range map[string]struct {
		by   dns.Record
		want string
	}{
		"a weight":      {blue(80), `somebody else changed the records: shop.example.com. A "b-1" has weight 80, not 100`},
		"a new colour":  {alias("shop.example.com.", "A", Green, 5), `somebody else changed the records: shop.example.com. A "g-1" is new, with weight 5`},
		"the fence":     {fence(func(*Fence) {}), "deployment 20260101-000000-abcdef took over (epoch 2, shift): this process no longer moves traffic"},
		"an old fence":  {fence(func(f *Fence) { f.Epoch = 1 }), "deployment 20260101-000000-abcdef took over (epoch 1, shift): this process no longer moves traffic"},
		"not the fence": {dns.Record{Name: shop.Fence, Type: "TXT", TTL: 60, Values: []string{`"v=spf1 -all"`}}, `somebody else changed the records: read the fence "v=spf1 -all": it was not written by this release of switcher`},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, lost reply %v", what, lost), func(t *testing.T) {
				inWorld(t, route53.Options{Processing: -1}, func(t *testing.T, w *world) {
					if _, err := w.zone.Apply(t.Context(), w.plan(t, 1, Weights{Blue: 100})); err != nil {
						t.Fatal(err)
					}
					b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
					if err := w.upsert(t.Context(), c.by); err != nil {
						t.Fatal(err)
					}
					before, err := w.zone.Client.List(t.Context(), w.zone.App.Zone, append(w.zone.App.Names, w.zone.App.Fence)...)
					if err != nil {
						t.Fatal(err)
					}
					if lost {
						w.front.Faults.Add(strike(1, 1, wire.ActionLostReply))
					}
					if _, err := w.zone.Apply(t.Context(), b); message(err) != c.want {
						t.Errorf("got  %v\nwant %s", err, c.want)
					}
					after, err := w.zone.Client.List(t.Context(), w.zone.App.Zone, append(w.zone.App.Names, w.zone.App.Fence)...)
					if diff := cmp.Diff(before, after); err != nil || diff != "" {
						t.Errorf("%v %s", err, diff)
					}
				})
			})
		}
	}
}

// Somebody changes the records after a batch came to be, but before its sender, who has lost the reply, can look.
func TestApplyBeforeAForeignChange(t *testing.T) {
	for what, c := range map[string]struct {
		by   dns.Record
		want string
	}{
		"a weight": {alias("shop.example.com.", "A", Green, 80), `somebody else changed the records: shop.example.com. A "g-1" has weight 80, not 10`},
		"the fence": {
			*fenceRecord(someFence(3)), "deployment 20260101-000000-abcdef took over (epoch 3, shift): this process no longer moves traffic",
		},
		"the TTL of the fence": {dns.Record{}, "somebody else changed the records: the fence _bluegreen-shop.shop.example.com. was changed beside its nonce"},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, route53.Options{Processing: -1}, func(t *testing.T, w *world) {
				b := w.plan(t, 1, Weights{Blue: 90, Green: 10})
				if c.by.Name == "" {
					c.by = *b.To.Fence
					c.by.TTL = 5
				}
				w.front.Faults.Add(strike(1, 9, wire.ActionLostReply))
				looked := false
				stop := w.front.Calls.Observe(func(call wire.Call) {
					if call.Operation == "ChangeResourceRecordSets" && call.Code == "" && !looked {
						looked = true
						w.front.Faults.Clear()
						if err := w.upsert(context.Background(), c.by); err != nil {
							t.Error(err)
						}
					}
				})
				defer stop()
				if _, err := w.zone.Apply(t.Context(), b); message(err) != c.want {
					t.Errorf("got  %v\nwant %s", err, c.want)
				}
			})
		})
	}
}

func TestReadRefusals(t *testing.T) {
	inWorld(t, route53.Options{}, func(t *testing.T, w *world) {
		z := w.zone
		z.App.Names = append([]string{"missing.example.com."}, z.App.Names...)
		if _, err := z.Read(t.Context()); err == nil {
			t.Error("a name without records was read")
		}
		z.App.Zone = "ZNONE"
		if _, err := z.Read(t.Context()); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}
