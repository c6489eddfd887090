package route53_test

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/route53"
)

// TestShares measures how often each load balancer is answered: by weight, by health, and by the rules for when there is no
// weight or no health.
func TestShares(t *testing.T) {
	const queries = 10000
	tests := []struct {
		name    string
		records []string // "balancer weight", with " eth"
		sick    []string
		want    map[string]float64
	}{
		{"all on one side", []string{"blue 255 eth", "green 0 eth"}, nil, map[string]float64{"blue": 1}},
		{"even", []string{"blue 128 eth", "green 128 eth"}, nil, map[string]float64{"blue": 0.5, "green": 0.5}},
		{"canary", []string{"blue 230 eth", "green 25 eth"}, nil, map[string]float64{"blue": 230. / 255, "green": 25. / 255}},
		{"smallest share", []string{"blue 255 eth", "green 1 eth"}, nil, map[string]float64{"blue": 255. / 256, "green": 1. / 256}},
		{"shares are of the sum", []string{"blue 1 eth", "green 3 eth"}, nil, map[string]float64{"blue": 0.25, "green": 0.75}},
		{"all zero: an equal split", []string{"blue 0 eth", "green 0 eth"}, nil, map[string]float64{"blue": 0.5, "green": 0.5}},
		{"all zero without health", []string{"blue 0", "green 0", "red 0"}, nil, map[string]float64{"blue": 1. / 3, "green": 1. / 3, "red": 1. / 3}},
		{"live side sick: the one at zero is a hot standby", []string{"blue 255 eth", "green 0 eth"}, []string{"blue"}, map[string]float64{"green": 1}},
		{"live side sick, two standbys", []string{"blue 255 eth", "green 0 eth", "red 0 eth"}, []string{"blue"}, map[string]float64{"green": 0.5, "red": 0.5}},
		{"one of two with weight sick", []string{"blue 200 eth", "green 55 eth", "red 0 eth"}, []string{"blue"}, map[string]float64{"green": 1}},
		{"standby sick: nothing changes", []string{"blue 255 eth", "green 0 eth"}, []string{"green"}, map[string]float64{"blue": 1}},
		{"all zero, one sick", []string{"blue 0 eth", "green 0 eth"}, []string{"blue"}, map[string]float64{"green": 1}},
		{"all sick: all count as healthy", []string{"blue 255 eth", "green 0 eth"}, []string{"blue", "green"}, map[string]float64{"blue": 1}},
		{"all sick and all zero", []string{"blue 0 eth", "green 0 eth"}, []string{"blue", "green"}, map[string]float64{"blue": 0.5, "green": 0.5}},
		{"sick, but health is not evaluated", []string{"blue 255", "green 0 eth"}, []string{"blue"}, map[string]float64{"blue": 1}},
		{"a single record answers even if it is sick", []string{"blue 255 eth"}, []string{"blue"}, map[string]float64{"blue": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := newSandbox(t, instant())
			x.balancers["red"] = route53.Alias{ZoneID: albZone, IPv4: []netip.Addr{netip.MustParseAddr("127.20.18.1")}, Healthy: true}
			id := x.zone("example.test")
			var batch []string
			for _, r := range tt.records {
				fields := strings.Fields(r)
				batch = append(batch, strings.TrimSpace(fmt.Sprintf("CREATE app.example.test A id=%[1]s weight=%[2]s alias=%[1]s.elb.test %[3]s",
					fields[0], fields[1], strings.Join(fields[2:], ""))))
			}
			x.mustChange(id, batch...)
			for _, name := range tt.sick {
				b := x.balancers[name]
				b.Healthy = false
				x.balancers[name] = b
			}
			got := map[string]float64{}
			for range queries {
				first := x.ask(0, "app.example.test", dns.TypeA)[0]
				for name, b := range x.balancers {
					for _, ip := range b.IPv4 {
						if ip.String() == first {
							got[name] += 1. / queries
						}
					}
				}
			}
			// Five standard deviations of the rarest share asked for.
			near := cmpopts.EquateApprox(0, 5*math.Sqrt(0.25/queries))
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id,
		"CREATE example.test A alias=blue.elb.test",
		"CREATE app.example.test A id=blue weight=1 alias=dualstack.blue.elb.test eth",
		"CREATE app.example.test AAAA id=blue weight=1 alias=blue.elb.test eth",
		"CREATE two.example.test A ttl=30 | 192.0.2.1 | 192.0.2.2",
		"CREATE same.example.test A alias=two.example.test zone=self",
		"CREATE deep.below.example.test A ttl=30 | 192.0.2.3",
		"CREATE *.wild.example.test A ttl=30 | 192.0.2.4",
		"CREATE www.wild.example.test TXT ttl=30 | \"no wildcard here\"",
		`CREATE txt.example.test TXT ttl=30 | "Bluegreen \"1\"" "two" | "\303\244"`,
		"CREATE c.example.test CNAME ttl=30 | two.example.test",
		"CREATE cc.example.test CNAME ttl=30 | C.example.test.",
		"CREATE out.example.test CNAME ttl=30 | www.example.org",
		"CREATE loop.example.test CNAME ttl=30 | loop.example.test",
		"CREATE mx.example.test MX ttl=30 | 10 mail.example.test",
		"CREATE sub.example.test NS ttl=300 | ns.sub.example.test | ns.example.org",
		"CREATE ns.sub.example.test A ttl=300 | 192.0.2.5",
	)
	const soa = "example.test. 900 IN SOA ns-1.dns.sandbox.test. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
	tests := []struct {
		question string
		want     []string // code, authority bit; answer; then the authority section after "--", glue after "++"
	}{
		{"two.example.test A", []string{"NOERROR aa", "two.example.test. 30 IN A 192.0.2.1", "two.example.test. 30 IN A 192.0.2.2"}},
		{"TWO.example.TEST A", []string{"NOERROR aa", "TWO.example.TEST. 30 IN A 192.0.2.1", "TWO.example.TEST. 30 IN A 192.0.2.2"}},
		{"app.example.test AAAA", []string{"NOERROR aa", "app.example.test. 60 IN AAAA ::ffff:127.20.16.1"}},
		{"same.example.test A", []string{"NOERROR aa", "same.example.test. 30 IN A 192.0.2.1", "same.example.test. 30 IN A 192.0.2.2"}},
		{"two.example.test AAAA", []string{"NOERROR aa", "--", soa}},
		{"below.example.test A", []string{"NOERROR aa", "--", soa}},
		{"absent.example.test A", []string{"NXDOMAIN aa", "--", soa}},
		{"a.two.example.test A", []string{"NXDOMAIN aa", "--", soa}},
		{"any.wild.example.test A", []string{"NOERROR aa", "any.wild.example.test. 30 IN A 192.0.2.4"}},
		{"a.b.wild.example.test A", []string{"NOERROR aa", "a.b.wild.example.test. 30 IN A 192.0.2.4"}},
		{"any.wild.example.test TXT", []string{"NOERROR aa", "--", soa}},
		{"www.wild.example.test A", []string{"NOERROR aa", "--", soa}},
		{"a.www.wild.example.test A", []string{"NXDOMAIN aa", "--", soa}}, // www, which exists, is closer than the wildcard
		{"*.wild.example.test A", []string{"NOERROR aa", "*.wild.example.test. 30 IN A 192.0.2.4"}},
		{"txt.example.test TXT", []string{"NOERROR aa", `txt.example.test. 30 IN TXT "Bluegreen \"1\"" "two"`, `txt.example.test. 30 IN TXT "\195\164"`}},
		{"mx.example.test MX", []string{"NOERROR aa", "mx.example.test. 30 IN MX 10 mail.example.test."}},
		{"c.example.test CNAME", []string{"NOERROR aa", "c.example.test. 30 IN CNAME two.example.test."}},
		{"cc.example.test A", []string{
			"NOERROR aa", "cc.example.test. 30 IN CNAME c.example.test.", "c.example.test. 30 IN CNAME two.example.test.",
			"two.example.test. 30 IN A 192.0.2.1", "two.example.test. 30 IN A 192.0.2.2",
		}},
		{"c.example.test AAAA", []string{"NOERROR aa", "c.example.test. 30 IN CNAME two.example.test.", "--", soa}},
		{"out.example.test A", []string{"NOERROR aa", "out.example.test. 30 IN CNAME www.example.org."}},
		{"example.test SOA", []string{"NOERROR aa", soa}},
		{"example.test NS", []string{
			"NOERROR aa", "example.test. 172800 IN NS ns-1.dns.sandbox.test.", "example.test. 172800 IN NS ns-2.dns.sandbox.test.",
			"example.test. 172800 IN NS ns-3.dns.sandbox.test.", "example.test. 172800 IN NS ns-4.dns.sandbox.test.",
		}},
		{"www.sub.example.test A", []string{
			"NOERROR", "--", "sub.example.test. 300 IN NS ns.sub.example.test.", "sub.example.test. 300 IN NS ns.example.org.",
			"++", "ns.sub.example.test. 300 IN A 192.0.2.5",
		}},
		{"example.test ANY", []string{"REFUSED"}},
		{"www.example.org A", []string{"REFUSED"}},
	}
	for _, tt := range tests {
		t.Run(tt.question, func(t *testing.T) {
			name, kind, _ := strings.Cut(tt.question, " ")
			x.account.Lock()
			m := x.service.Answer(0, dns.Question{Name: dns.Fqdn(name), Qtype: dns.StringToType[kind], Qclass: dns.ClassINET})
			x.account.Unlock()
			if diff := cmp.Diff(tt.want, formatMsg(m)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a loop ends", func(t *testing.T) {
		if got := x.ask(0, "loop.example.test", dns.TypeA); len(got) == 0 || len(got) > 10 {
			t.Errorf("loop.example.test: %v", got)
		}
	})
	t.Run("alias answers rotate", func(t *testing.T) {
		seen := map[string]bool{}
		for range 100 {
			seen[fmt.Sprint(x.ask(0, "example.test", dns.TypeA))] = true
		}
		want := map[string]bool{"[127.20.16.1 127.20.16.2]": true, "[127.20.16.2 127.20.16.1]": true}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
	})
	t.Run("alias to a load balancer that has gone", func(t *testing.T) {
		delete(x.balancers, "blue")
		if diff := cmp.Diff([]string{}, x.ask(0, "app.example.test", dns.TypeA)); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	})
}

// TestHealthThroughAliases has weighted aliases to names of the same zone, each an alias to a load balancer.
func TestHealthThroughAliases(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id,
		"CREATE blue.example.test A alias=blue.elb.test eth", "CREATE green.example.test A alias=green.elb.test eth",
		"CREATE app.example.test A id=blue weight=255 alias=blue.example.test zone=self eth",
		"CREATE app.example.test A id=green weight=0 alias=green.example.test zone=self eth",
	)
	side := func() string { return x.ask(0, "app.example.test", dns.TypeA)[0][:len("127.20.16")] }
	got := []string{side()}
	b := x.balancers["blue"]
	b.Healthy = false
	x.balancers["blue"] = b
	got = append(got, side())
	if diff := cmp.Diff([]string{"127.20.16", "127.20.17"}, got); diff != "" {
		t.Errorf("side before and after blue got sick (-want +got):\n%s", diff)
	}
}

// TestAnswersComeFromTheClosestZone has a zone inside of another. They never share a server, so that each server knows one of
// them only.
func TestAnswersComeFromTheClosestZone(t *testing.T) {
	x := newSandbox(t, instant())
	outer, inner := x.zone("example.test"), x.zone("sub.example.test")
	x.mustChange(outer, "CREATE www.sub.example.test A ttl=60 | 192.0.2.1")
	x.mustChange(inner, "CREATE www.sub.example.test A ttl=60 | 192.0.2.2")
	got := [][]string{x.ask(0, "www.sub.example.test", dns.TypeA), x.ask(4, "www.sub.example.test", dns.TypeA), x.ask(4, "example.test", dns.TypeSOA)}
	if diff := cmp.Diff([][]string{{"192.0.2.1"}, {"192.0.2.2"}, {"REFUSED"}}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestPrivateZonesAreNotServed(t *testing.T) {
	x := newSandbox(t, instant())
	_, err := x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{
		Name: aws.String("example.test"), CallerReference: aws.String("p"), VPC: &types.VPC{VPCId: aws.String("vpc-1"), VPCRegion: types.VPCRegionEuWest1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"REFUSED"}, x.ask(0, "example.test", dns.TypeSOA)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// TestCachesRunAsFastAsTheAccount speeds the account up twentyfold: TTLs must shrink with it, but never to nothing.
func TestCachesRunAsFastAsTheAccount(t *testing.T) {
	x := newSandbox(t, instant())
	fast := account.New(account.Options{Speed: 20})
	t.Cleanup(fast.Close)
	o := instant()
	o.ResolveAlias = func(string) (route53.Alias, bool) { return x.balancers["blue"], true }
	s := route53.New(fast, o)
	fast.Lock()
	defer fast.Unlock()
	zone, err := s.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String("1")})
	if err != nil {
		t.Fatal(err)
	}
	batch := &types.ChangeBatch{}
	for _, line := range []string{"CREATE app.example.test A alias=blue", "CREATE a.example.test A ttl=10 | 192.0.2.1", "CREATE z.example.test A ttl=0 | 192.0.2.1"} {
		batch.Changes = append(batch.Changes, parseChange(line, ""))
	}
	if _, err := s.ChangeResourceRecordSets(t.Context(), &sdk.ChangeResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id, ChangeBatch: batch}); err != nil {
		t.Fatal(err)
	}
	got := map[string]uint32{}
	for _, name := range []string{"app.example.test.", "a.example.test.", "z.example.test."} {
		got[name] = s.Answer(0, dns.Question{Name: name, Qtype: dns.TypeA, Qclass: dns.ClassINET}).Answer[0].Header().Ttl
	}
	if diff := cmp.Diff(map[string]uint32{"app.example.test.": 3, "a.example.test.": 1, "z.example.test.": 0}, got); diff != "" {
		t.Errorf("TTLs (-want +got):\n%s", diff)
	}
}

func TestTestDNSAnswer(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id, "CREATE app.example.test TXT ttl=60 | \"a b\" \"c\"")
	ask := func(name string, kind types.RRType) (*sdk.TestDNSAnswerOutput, error) {
		return x.client.TestDNSAnswer(t.Context(), &sdk.TestDNSAnswerInput{HostedZoneId: &id, RecordName: &name, RecordType: kind})
	}
	got, err := ask("APP.example.test", types.RRTypeTxt)
	if err != nil {
		t.Fatal(err)
	}
	want := &sdk.TestDNSAnswerOutput{
		Nameserver: got.Nameserver, Protocol: aws.String("UDP"), RecordData: []string{`"a b" "c"`}, RecordName: aws.String("app.example.test."),
		RecordType: types.RRTypeTxt, ResponseCode: aws.String("NOERROR"),
	}
	if diff := cmp.Diff(want, got, unexported, cmpopts.IgnoreFields(sdk.TestDNSAnswerOutput{}, "ResultMetadata")); diff != "" {
		t.Errorf("TestDNSAnswer (-want +got):\n%s", diff)
	}
	if !strings.HasSuffix(*got.Nameserver, ".dns.sandbox.test.") {
		t.Errorf("name server %s", *got.Nameserver)
	}
	if got, err := ask("absent.example.test", types.RRTypeA); err != nil || *got.ResponseCode != "NXDOMAIN" || len(got.RecordData) != 0 {
		t.Errorf("absent name: %+v, %v", got, err)
	}
	_, err = ask("www.example.org", types.RRTypeA)
	if got, want := refusal(err), "InvalidInput: www.example.org. does not lie within the hosted zone example.test."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
