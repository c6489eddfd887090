package traffic

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/dns"
)

var shop = App{
	Zone: "Z1", Names: []string{"shop.example.com.", "www.example.com."}, Fence: "_bluegreen-shop.shop.example.com.",
	SetIDs: map[Color]string{Blue: "b-1", Green: "g-1"},
}

const albZone = "Z32O12XQLNTSW2"

// alias is a record of a colour that points at its load balancer.
func alias(name, rrtype string, c Color, weight int64) dns.Record {
	return dns.Record{
		Name: name, Type: rrtype, SetID: shop.SetIDs[c], Policy: dns.Weighted, Weight: weight,
		Alias: &dns.Alias{Name: "dualstack." + string(c) + ".elb.test.", ZoneID: albZone, EvaluateHealth: true},
	}
}

// plain is a record of a colour with a value of its own.
func plain(name, rrtype string, c Color, weight int64, value string) dns.Record {
	return dns.Record{
		Name: name, Type: rrtype, SetID: shop.SetIDs[c], Policy: dns.Weighted, Weight: weight, TTL: 60, Values: []string{value},
	}
}

func fenceRecord(f Fence) *dns.Record {
	return &dns.Record{Name: shop.Fence, Type: "TXT", TTL: fenceTTL, Values: []string{f.Value()}}
}

var targets = map[Color]dns.Alias{Blue: {Name: "blue.elb.test.", ZoneID: albZone}, Green: {Name: "green.elb.test.", ZoneID: albZone}}

// someFence is a fence of an epoch.
func someFence(epoch int64) Fence {
	return Fence{
		Epoch: epoch, Nonce: "0123456789abcdef", Deployment: "20260101-000000-abcdef", Op: OpShift, To: Green,
		Was: Weights{Blue: 100}, Old: Pinned,
	}
}

// printed is a batch without its nonce.
func printed(b Batch) []string {
	return strings.Split(strings.ReplaceAll(b.String(), b.Fence.Nonce, "NONCE"), "\n")
}

func TestPlan(t *testing.T) {
	const (
		name  = "shop.example.com."
		fence = `_bluegreen-shop.shop.example.com. TXT → "bluegreen1 epoch=%d nonce=%s deployment=20260101-000000-abcdef op=shift to=green was=blue:100 old=pinned"`
		old   = "0123456789abcdef"
	)
	newFence := "CREATE " + fmt.Sprintf(fence, 2, "NONCE")
	swap := []string{"DELETE " + fmt.Sprintf(fence, 1, old), newFence}
	for what, c := range map[string]struct {
		from  Set
		want  Want
		lines []string
		err   string
	}{
		"the first shift": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100), alias(name, "AAAA", Blue, 100)}, Fence: fenceRecord(someFence(1))},
			Want{Weights: Weights{Blue: 90, Green: 10}, Targets: targets, Proven: Colors},
			append([]string{
				`DELETE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`,
				`DELETE shop.example.com. AAAA "b-1" weight 100 → dualstack.blue.elb.test.`,
				`CREATE shop.example.com. A "b-1" weight 90 → dualstack.blue.elb.test.`,
				`CREATE shop.example.com. A "g-1" weight 10 → dualstack.green.elb.test.`,
				`CREATE shop.example.com. AAAA "b-1" weight 90 → dualstack.blue.elb.test.`,
				`CREATE shop.example.com. AAAA "g-1" weight 10 → dualstack.green.elb.test.`,
			}, swap...), "",
		},
		"before the first deployment": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100), alias(name, "A", Green, 0)}},
			Want{Weights: Weights{Blue: 100}, Proven: []Color{Blue}},
			[]string{
				`DELETE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`,
				`DELETE shop.example.com. A "g-1" weight 0 → dualstack.green.elb.test.`,
				`CREATE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`, newFence,
			}, "",
		},
		"the fence only": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}, Fence: fenceRecord(someFence(1))},
			Want{Weights: Weights{Blue: 100}, Proven: []Color{Blue}},
			append([]string{
				`DELETE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`,
				`CREATE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`,
			}, swap...), "",
		},
		"a CNAME": {
			Set{Records: []dns.Record{plain(name, "CNAME", Blue, 100, "blue.elb.test.")}},
			Want{Weights: Weights{Blue: 50, Green: 50}, Targets: targets, Proven: Colors},
			[]string{
				`DELETE shop.example.com. CNAME "b-1" weight 100 → blue.elb.test.`,
				`CREATE shop.example.com. CNAME "b-1" weight 50 → blue.elb.test.`,
				`CREATE shop.example.com. CNAME "g-1" weight 50 → green.elb.test.`, newFence,
			}, "",
		},
		"HTTPS records that both exist": {
			Set{Records: []dns.Record{plain(name, "HTTPS", Blue, 100, `1 . alpn="h2"`), plain(name, "HTTPS", Green, 0, `1 . alpn="h3"`)}},
			Want{Weights: Weights{Blue: 0, Green: 100}, Proven: Colors},
			[]string{
				`DELETE shop.example.com. HTTPS "b-1" weight 100 → 1 . alpn="h2"`, `DELETE shop.example.com. HTTPS "g-1" weight 0 → 1 . alpn="h3"`,
				`CREATE shop.example.com. HTTPS "b-1" weight 0 → 1 . alpn="h2"`, `CREATE shop.example.com. HTTPS "g-1" weight 100 → 1 . alpn="h3"`, newFence,
			}, "",
		},
		"an HTTPS record that was taken away before": {
			Set{Records: []dns.Record{plain(name, "HTTPS", Blue, 100, `1 . alpn="h2"`)}},
			Want{Weights: Weights{Blue: 100, Green: 1}, Proven: Colors, Targets: targets, Known: []dns.Record{plain(name, "HTTPS", Green, 0, `1 . alpn="h3"`)}},
			[]string{
				`DELETE shop.example.com. HTTPS "b-1" weight 100 → 1 . alpn="h2"`,
				`CREATE shop.example.com. HTTPS "b-1" weight 100 → 1 . alpn="h2"`,
				`CREATE shop.example.com. HTTPS "g-1" weight 1 → 1 . alpn="h3"`, newFence,
			}, "",
		},
		"an HTTPS record that never was": {
			Set{Records: []dns.Record{plain(name, "HTTPS", Blue, 100, `1 . alpn="h2"`)}},
			Want{Weights: Weights{Blue: 100, Green: 1}, Proven: Colors, Targets: targets},
			nil, "shop.example.com. HTTPS is no alias: create the record of green with weight 0",
		},
		"a health check of one's own": {
			Set{Records: []dns.Record{with(alias(name, "A", Blue, 100), func(r *dns.Record) { r.Health = "hc-1" })}},
			Want{Weights: Weights{Blue: 100, Green: 1}, Proven: Colors, Targets: targets},
			nil, "shop.example.com. A of blue has health check hc-1: create the record of green with a health check of its own and weight 0",
		},
		"health checks of both": {
			Set{Records: []dns.Record{
				with(alias(name, "A", Blue, 100), func(r *dns.Record) { r.Health = "hc-1" }),
				with(alias(name, "A", Green, 0), func(r *dns.Record) { r.Health = "hc-2" }),
			}},
			Want{Weights: Weights{Blue: 100, Green: 1}, Proven: Colors},
			[]string{
				`DELETE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`,
				`DELETE shop.example.com. A "g-1" weight 0 → dualstack.green.elb.test.`,
				`CREATE shop.example.com. A "b-1" weight 100 → dualstack.blue.elb.test.`,
				`CREATE shop.example.com. A "g-1" weight 1 → dualstack.green.elb.test.`, newFence,
			}, "",
		},
		"a load balancer without IPv6, and without a look at its health": {
			Set{Records: []dns.Record{with(alias(name, "A", Blue, 100), func(r *dns.Record) {
				r.Alias = &dns.Alias{Name: "blue.elb.test.", ZoneID: albZone}
			})}},
			Want{Weights: Weights{Blue: 100, Green: 1}, Proven: Colors, Targets: targets},
			[]string{
				`DELETE shop.example.com. A "b-1" weight 100 → blue.elb.test.`, `CREATE shop.example.com. A "b-1" weight 100 → blue.elb.test.`,
				`CREATE shop.example.com. A "g-1" weight 1 → green.elb.test.`, newFence,
			}, "",
		},
		"a load balancer that is not known": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}},
			Want{Weights: Weights{Blue: 100, Green: 1}, Proven: Colors},
			nil, "shop.example.com. A has no record of green, and its load balancer is not known",
		},
		"no weight at all": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}}, Want{Weights: Weights{Blue: 0}, Proven: Colors},
			nil, "refused to send the batch: the weights of shop.example.com. A would sum to zero, which Route 53 answers with an equal split",
		},
		"no record at all": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}}, Want{Weights: Weights{}, Proven: Colors},
			nil, "refused to send the batch: the weights of shop.example.com. A would sum to zero, which Route 53 answers with an equal split",
		},
		"nothing to move": {
			Set{}, Want{Weights: Weights{Blue: 100}, Proven: Colors}, nil, "refused to send the batch: it would leave a name without any record",
		},
		"too much weight": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}}, Want{Weights: Weights{Blue: 256}, Proven: Colors},
			nil, "refused to send the batch: shop.example.com. A would give blue weight 256, which is not from 0 to 255",
		},
		"negative weight": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100), alias(name, "A", Green, 100)}}, Want{Weights: Weights{Blue: 10, Green: -1}, Proven: Colors},
			nil, "refused to send the batch: shop.example.com. A would give green weight -1, which is not from 0 to 255",
		},
		"an unproven colour, even at weight 0": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100), alias(name, "A", Green, 0)}}, Want{Weights: Weights{Blue: 100, Green: 0}, Proven: []Color{Blue}},
			nil, "refused to send the batch: shop.example.com. A would have a record of green, which has not passed its gates: " +
				"even at weight 0 Route 53 sends clients there when all others are unhealthy",
		},
		"an epoch that is over": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}, Fence: fenceRecord(someFence(3))}, Want{Weights: Weights{Blue: 100}, Proven: Colors},
			nil, "refused to send the batch: its epoch 2 is behind that of the fence, 3",
		},
		"a fence of another release": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}, Fence: &dns.Record{Name: shop.Fence, Type: "TXT", TTL: 60, Values: []string{`"bluegreen9"`}}},
			Want{Weights: Weights{Blue: 100}, Proven: Colors},
			nil, `refused to send the batch: it would replace a fence that says something else: read the fence "bluegreen9": it was not written by this release of switcher`,
		},
		"a fence that is too long": {
			Set{Records: []dns.Record{alias(name, "A", Blue, 100)}},
			Want{Weights: Weights{Blue: 100}, Proven: Colors, Fence: Fence{Epoch: 1, Deployment: strings.Repeat("d", 200), To: Green, Was: Weights{Blue: 1}}},
			nil, `refused to send the batch: the fence would be longer than a TXT string: "bluegreen1 epoch=1 nonce=NONCE deployment=` +
				strings.Repeat("d", 200) + ` op= to=green was=blue:1 old="`,
		},
	} {
		t.Run(what, func(t *testing.T) {
			if c.want.Fence.Epoch == 0 {
				c.want.Fence = someFence(2)
			}
			b, err := shop.Plan(c.from, c.want)
			got := strings.ReplaceAll(message(err), b.Fence.Nonce, "NONCE")
			if b.Fence.Nonce == "" {
				got = message(err)
			}
			if got != c.err {
				t.Fatalf("got  %s\nwant %s", got, c.err)
			}
			if err != nil {
				return
			}
			if b.Fence.Nonce == someFence(1).Nonce {
				t.Error("the nonce was kept")
			}
			if diff := cmp.Diff(c.lines, printed(b)); diff != "" {
				t.Error(diff)
			}
			mustApply(t, b)
		})
	}
}

func with(r dns.Record, change func(*dns.Record)) dns.Record {
	change(&r)
	return r
}

func TestBatchThatIsTooLarge(t *testing.T) {
	for names, want := range map[int]string{
		333: "", // three changes each, and the fence
		334: "refused to send the batch: 1003 changes are more than the 1000 that Route 53 takes at once; use fewer names",
	} {
		var from Set
		for i := range names {
			from.Records = append(from.Records, alias(fmt.Sprintf("n%03d.example.com.", i), "A", Blue, 100))
		}
		_, err := shop.Plan(from, Want{Weights: Weights{Blue: 50, Green: 50}, Targets: targets, Proven: Colors, Fence: someFence(1)})
		if message(err) != want {
			t.Errorf("%d names: %v", names, err)
		}
	}
}

// tb is what helpers need of a test, be it testing's or rapid's.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// mustApply plays a batch on its set by Route 53's rules, and checks that it leaves what it says.
func mustApply(t tb, b Batch) {
	t.Helper()
	zone := map[string]dns.Record{}
	put := func(records []dns.Record, fence *dns.Record, into map[string]dns.Record) {
		for _, r := range records {
			into[r.Key()] = r
		}
		if fence != nil {
			into[fence.Key()] = *fence
		}
	}
	put(b.From.Records, b.From.Fence, zone)
	for _, c := range b.Changes {
		there, exists := zone[c.Record.Key()]
		switch {
		case c.Action == dns.Delete && (!exists || !there.Equal(c.Record)):
			t.Fatalf("%s does not match what is there", c)
		case c.Action == dns.Create && exists:
			t.Fatalf("%s exists", c)
		case c.Action == dns.Delete:
			delete(zone, c.Record.Key())
		default:
			zone[c.Record.Key()] = c.Record
		}
	}
	want := map[string]dns.Record{}
	put(b.To.Records, b.To.Fence, want)
	if diff := cmp.Diff(want, zone); diff != "" {
		t.Fatalf("the batch leaves something else: %s", diff)
	}
}
