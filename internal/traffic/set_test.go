package traffic

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/dns"
	"bluegreen/internal/step"
)

func TestParse(t *testing.T) {
	const name = "shop.example.com."
	one := App{Zone: "Z1", Names: []string{name}, Fence: shop.Fence, SetIDs: shop.SetIDs}
	ours := []dns.Record{alias(name, "A", Blue, 100), alias(name, "A", Green, 0), alias(name, "AAAA", Blue, 100)}
	simple := dns.Record{Name: name, Type: "AAAA", Alias: &dns.Alias{Name: "blue.elb.test.", ZoneID: albZone}}
	for what, c := range map[string]struct {
		app    App
		listed []dns.Record
		want   Set
		err    string
	}{
		"as it should be": {one, append([]dns.Record{*fenceRecord(someFence(1))}, ours...), Set{Records: ours, Fence: fenceRecord(someFence(1))}, ""},
		"not in order":    {one, []dns.Record{ours[2], ours[1], ours[0]}, Set{Records: ours}, ""},
		"other types at the name": {
			one, append([]dns.Record{{Name: name, Type: "MX", TTL: 60, Values: []string{"10 mail"}}, {Name: name, Type: "TXT", TTL: 60, Values: []string{`"x"`}}}, ours...),
			Set{Records: ours}, "",
		},
		"another type at the fence": {one, append([]dns.Record{{Name: shop.Fence, Type: "A", TTL: 60, Values: []string{"192.0.2.1"}}}, ours...), Set{Records: ours}, ""},
		"a simple record": {
			one, []dns.Record{ours[0], simple}, Set{},
			"shop.example.com. AAAA is a simple record: only weighted records can be switched; replace it in one batch, DELETE of the simple record first, " +
				`then CREATE of the same record with a set identifier and weight 100 (docs/guide.md, "From simple to weighted records")`,
		},
		"another policy": {
			one, []dns.Record{with(ours[0], func(r *dns.Record) { r.Policy = "latency" })}, Set{},
			`shop.example.com. A (b-1) is a record of routing policy "latency": only weighted records can be switched`,
		},
		"a stranger": {
			one, []dns.Record{ours[0], with(ours[0], func(r *dns.Record) { r.SetID = "canary" })}, Set{},
			`shop.example.com. A "canary" weight 100 → dualstack.blue.elb.test. has set identifier "canary", which is neither blue's ("b-1") nor green's ("g-1"): ` +
				"its traffic would be shared with a stranger; remove it, or name it in the configuration",
		},
		"a name without a record": {
			shop, ours, Set{},
			"www.example.com. has no weighted record in zone Z1: create one for the color that serves, with its set identifier and weight 100",
		},
		"an empty zone": {
			one, nil, Set{},
			"shop.example.com. has no weighted record in zone Z1: create one for the color that serves, with its set identifier and weight 100",
		},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := c.app.Parse(c.listed)
			if message(err) != c.err {
				t.Errorf("got  %v\nwant %s", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWeightsThatDiffer(t *testing.T) {
	s := Set{Records: []dns.Record{
		alias("shop.example.com.", "A", Blue, 90), alias("shop.example.com.", "A", Green, 10),
		alias("www.example.com.", "A", Blue, 90), alias("www.example.com.", "A", Green, 11),
	}}
	_, err := shop.Weights(s)
	const want = "the weights differ: shop.example.com. A has blue:90,green:10, but www.example.com. A has blue:90,green:11; give all names and types of the app the same weights"
	if message(err) != want {
		t.Errorf("got %v", err)
	}
}

// changes are what a hand can do to a set, and what the finder says.
var changes = map[string]struct {
	change func(s *Set)
	want   string
}{
	"nothing": {func(*Set) {}, ""},
	"a weight": {
		func(s *Set) { s.Records[0].Weight = 80 }, `somebody else changed the records: shop.example.com. A "b-1" has weight 80, not 90`,
	},
	"a target": {
		func(s *Set) {
			s.Records[1].Alias = &dns.Alias{Name: "other.elb.test.", ZoneID: albZone, EvaluateHealth: true}
		},
		`somebody else changed the records: shop.example.com. A "g-1" points to other.elb.test., not to dualstack.green.elb.test.`,
	},
	"the look at health": {
		func(s *Set) {
			s.Records[1].Alias = &dns.Alias{Name: s.Records[1].Alias.Name, ZoneID: albZone}
		},
		`somebody else changed the records: shop.example.com. A "g-1" was changed beside its weight and target`,
	},
	"a health check": {
		func(s *Set) { s.Records[1].Health = "hc-1" }, `somebody else changed the records: shop.example.com. A "g-1" was changed beside its weight and target`,
	},
	"a record that goes": {
		func(s *Set) { s.Records = s.Records[:1] }, `somebody else changed the records: shop.example.com. A "g-1" is gone (it had weight 10)`,
	},
	"a record that comes": {
		func(s *Set) { s.Records = append(s.Records, alias("shop.example.com.", "AAAA", Blue, 5)) },
		`somebody else changed the records: shop.example.com. AAAA "b-1" is new, with weight 5`,
	},
	"several": {
		func(s *Set) { s.Records[0].Weight, s.Records[1].Weight = 0, 100 },
		`somebody else changed the records: shop.example.com. A "b-1" has weight 0, not 90; shop.example.com. A "g-1" has weight 100, not 10`,
	},
	"the fence goes": {
		func(s *Set) { s.Fence = nil }, "somebody else changed the records: the fence _bluegreen-shop.shop.example.com. is gone",
	},
	"the fence is overwritten": {
		func(s *Set) { s.Fence.Values = []string{`"x"`} },
		`somebody else changed the records: read the fence "x": it was not written by this release of switcher`,
	},
	"the fence gets a second value": {
		func(s *Set) { s.Fence.Values = append(s.Fence.Values, `"x"`) },
		"somebody else changed the records: the fence _bluegreen-shop.shop.example.com. has 2 values: want one",
	},
	"the fence gets another TTL": {
		func(s *Set) { s.Fence.TTL = 5 },
		"somebody else changed the records: the fence _bluegreen-shop.shop.example.com. was changed beside its nonce",
	},
	"another process of the deployment": {
		func(s *Set) { s.Fence = fenceRecord(someFence(2)) },
		"deployment 20260101-000000-abcdef took over (epoch 2, shift): this process no longer moves traffic",
	},
	"another deployment under the same epoch": {
		func(s *Set) {
			f := someFence(1)
			f.Nonce, f.Deployment, f.Op = "fedcba9876543210", "20260102-000000-abcdef", OpBegin
			s.Fence = fenceRecord(f)
		},
		"deployment 20260102-000000-abcdef took over (epoch 1, begin): this process no longer moves traffic",
	},
}

func TestCheck(t *testing.T) {
	set := func() Set {
		return Set{
			Records: []dns.Record{alias("shop.example.com.", "A", Blue, 90), alias("shop.example.com.", "A", Green, 10)},
			Fence:   fenceRecord(someFence(1)),
		}
	}
	for what, c := range changes {
		t.Run(what, func(t *testing.T) {
			found := set()
			c.change(&found)
			err := Zone{App: shop}.Check(set(), found)
			if message(err) != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			var stopper step.Stopper
			if err != nil && !(errors.As(err, &stopper) && stopper.StopsRun()) {
				t.Error("it does not stop a run")
			}
		})
	}
	t.Run("a fence where there was none", func(t *testing.T) {
		ours := set()
		ours.Fence = nil
		if err := (Zone{App: shop}).Check(ours, set()); !strings.Contains(message(err), "took over") {
			t.Errorf("got %v", err)
		}
	})
}

func TestStandby(t *testing.T) {
	const name = "shop.example.com."
	blind := func(c Color, weight int64) dns.Record {
		return with(alias(name, "A", c, weight), func(r *dns.Record) { r.Alias = &dns.Alias{Name: "x.", ZoneID: albZone} })
	}
	checked := func(c Color, weight int64) dns.Record {
		return with(plain(name, "A", c, weight, "192.0.2.1"), func(r *dns.Record) { r.Health = "hc-" + string(c) })
	}
	const nobody = "nobody else: no other color has a record that Route 53 could turn to"
	for want, sets := range map[string][][]dns.Record{
		nobody: {{alias(name, "A", Blue, 100)}, {blind(Blue, 100), blind(Green, 0)}, {blind(Blue, 50), blind(Green, 50)}},
		"green, its record has weight 0 and Route 53 evaluates health": {
			{alias(name, "A", Blue, 100), alias(name, "A", Green, 0)}, {checked(Blue, 1), checked(Green, 0)},
		},
		"blue, its record has weight 0 and Route 53 evaluates health": {{alias(name, "A", Blue, 0), alias(name, "A", Green, 7)}},
		"the other color, both have weight and Route 53 evaluates health": {
			{alias(name, "A", Blue, 90), alias(name, "A", Green, 10)}, {checked(Blue, 90), checked(Green, 10)},
		},
		"unknown: the weights differ: shop.example.com. A has blue:1, but shop.example.com. AAAA has blue:2; give all names and types of the app the same weights": {
			{alias(name, "A", Blue, 1), alias(name, "AAAA", Blue, 2)},
		},
	} {
		for _, records := range sets {
			if got := shop.Standby(Set{Records: records}); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	}
}
