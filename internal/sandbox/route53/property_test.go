package route53_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"pgregory.net/rapid"

	"bluegreen/internal/sandbox/route53"
)

// model is what a zone must hold: the values of its records ("weight=1 ttl=60 | 192.0.2.1") by "name type id".
type model map[string]string

// modelChange is a change in the model's terms.
type modelChange struct{ action, name, kind, id, values string }

func (c modelChange) key() string { return c.name + " " + c.kind + " " + c.id }

func (c modelChange) String() string {
	id := ""
	if c.id != "" {
		id = "id=" + c.id + " "
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s%s", c.action, c.name, c.kind, id, c.values))
}

// apply is Route 53's rules in the plainest form: one change after the other, each refused if the records then do not allow it.
func (m model) apply(batch []modelChange) (model, bool) {
	after := maps.Clone(m)
	first := map[string]string{}
	for _, c := range batch {
		before, again := first[c.key()]
		if again && (before != "DELETE" || c.action == "UPSERT") {
			return m, false
		}
		first[c.key()] = "more than one"
		if !again {
			first[c.key()] = c.action
		}
		stored, exists := after[c.key()]
		if c.action == "DELETE" {
			if !exists || stored != c.values {
				return m, false
			}
			delete(after, c.key())
			continue
		}
		if exists && c.action == "CREATE" {
			return m, false
		}
		for other := range after {
			name, rest, _ := strings.Cut(other, " ")
			kind, id, _ := strings.Cut(rest, " ")
			if name != c.name || other == c.key() {
				continue
			}
			if kind == c.kind && (id == "") != (c.id == "") || kind == c.kind && id == "" {
				return m, false // simple and weighted, or two simple ones
			}
			if kind != c.kind && (kind == "CNAME" || c.kind == "CNAME") {
				return m, false
			}
		}
		after[c.key()] = c.values
	}
	return after, true
}

func (m model) list() []string {
	lines := []string{}
	for key, values := range m {
		fields := strings.Fields(key)
		line := fields[0] + ". " + fields[1]
		if len(fields) > 2 {
			line += " id=" + fields[2]
		}
		lines = append(lines, line+" "+values)
	}
	slices.Sort(lines) // the names of the model are such that this is Route 53's order
	return lines
}

// noDeadline keeps rapid from asking for the test's deadline, which means nothing in a bubble.
type noDeadline struct{ rapid.TB }

func drawBatch(t *rapid.T, current model) []modelChange {
	change := rapid.Custom(func(t *rapid.T) modelChange {
		c := modelChange{
			action: rapid.SampledFrom([]string{"CREATE", "DELETE", "UPSERT"}).Draw(t, "action"),
			name:   rapid.SampledFrom([]string{"a.example.test", "b.example.test"}).Draw(t, "name"),
			kind:   rapid.SampledFrom([]string{"A", "CNAME", "TXT"}).Draw(t, "type"),
			id:     rapid.SampledFrom([]string{"", "blue", "green"}).Draw(t, "id"),
		}
		n := rapid.IntRange(1, 3).Draw(t, "value")
		value := map[string]string{"A": "192.0.2.%d", "CNAME": "h%d.example.org", "TXT": `"v%d"`}[c.kind]
		c.values = "ttl=60 | " + fmt.Sprintf(value, n)
		if c.id != "" {
			c.values = fmt.Sprintf("weight=%d ", rapid.SampledFrom([]int{0, 1, 255}).Draw(t, "weight")) + c.values
		}
		if stored, ok := current[c.key()]; ok && c.action == "DELETE" && rapid.Bool().Draw(t, "exact") {
			c.values = stored
		}
		return c
	})
	return rapid.SliceOfN(change, 1, 4).Draw(t, "batch")
}

// TestBatchesAgainstModel sends random batches. A batch is accepted just when the model accepts it; the listing is the model's
// after each, so that a batch that failed has changed nothing; name servers answer only what was listed at some time, and in
// the end what is listed then.
func TestBatchesAgainstModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(noDeadline{t}, func(t *rapid.T) {
			x := newSandbox(t, route53.Options{Processing: -1})
			id := x.zone("example.test")
			x.settle()
			current, ever := model{}, map[string]bool{}
			for range rapid.IntRange(1, 12).Draw(t, "batches") {
				batch := drawBatch(t, current)
				lines := []string{}
				for _, c := range batch {
					lines = append(lines, c.String())
				}
				next, accepted := current.apply(batch)
				if _, err := x.change(id, lines...); (err == nil) != accepted {
					t.Fatalf("batch %q on %q: model says %v, Route 53 %v", lines, current.list(), accepted, err)
				}
				current = next
				current.remember(ever)
				if diff := cmp.Diff(current.list(), x.list(id)); diff != "" {
					t.Fatalf("after %q (-model +listed):\n%s", lines, diff)
				}
				time.Sleep(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
				synctest.Wait()
				x.checkAnswers(t, ever)
			}
			time.Sleep(route53.DefaultPropagation[route53.NameServers-1])
			synctest.Wait()
			now := map[string]bool{}
			current.remember(now)
			x.checkAnswers(t, now)
		})
	})
}

// remember adds what name servers may answer: "name type value".
func (m model) remember(ever map[string]bool) {
	for key, values := range m {
		fields := strings.Fields(key)
		_, value, _ := strings.Cut(values, " | ")
		ever[strings.Join([]string{fields[0], fields[1], strings.TrimSuffix(value, ".")}, " ")] = true
	}
}

func (x *sandbox) checkAnswers(t *rapid.T, allowed map[string]bool) {
	for server := range route53.NameServers {
		for _, name := range []string{"a.example.test", "b.example.test"} {
			for _, kind := range []string{"A", "CNAME", "TXT"} {
				for _, value := range x.ask(server, name, dns.StringToType[kind]) {
					asked, alias := name+" "+kind+" "+strings.TrimSuffix(value, "."), name+" CNAME "+strings.TrimSuffix(value, ".")
					if value != "NXDOMAIN" && !allowed[asked] && !allowed[alias] {
						t.Fatalf("server %d answers %s, which is none of %v", server, asked, slices.Sorted(maps.Keys(allowed)))
					}
				}
			}
		}
	}
}
