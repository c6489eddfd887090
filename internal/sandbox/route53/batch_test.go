package route53_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
)

func TestRecordsAsListedCanBeWrittenBack(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id, "CREATE "+blue, "CREATE "+green, `CREATE *.example.test TXT ttl=60 | "a b" "\052"`, "CREATE m.example.test MX ttl=60 | 10 Mail.example.org")
	out, err := x.client.ListResourceRecordSets(t.Context(), &sdk.ListResourceRecordSetsInput{HostedZoneId: &id})
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []types.ChangeAction{types.ChangeActionUpsert, types.ChangeActionDelete} {
		batch := &types.ChangeBatch{}
		for _, set := range out.ResourceRecordSets {
			if set.Type != types.RRTypeNs && set.Type != types.RRTypeSoa {
				batch.Changes = append(batch.Changes, types.Change{Action: action, ResourceRecordSet: &set})
			}
		}
		before := x.list(id)
		if _, err := x.client.ChangeResourceRecordSets(t.Context(), &sdk.ChangeResourceRecordSetsInput{HostedZoneId: &id, ChangeBatch: batch}); err != nil {
			t.Fatalf("%s of the records as listed: %v", action, err)
		}
		if action == types.ChangeActionUpsert {
			if diff := cmp.Diff(before, x.list(id)); diff != "" {
				t.Errorf("UPSERT of the records as listed changed them (-before +after):\n%s", diff)
			}
		}
	}
	if diff := cmp.Diff([]string{}, x.list(id)); diff != "" {
		t.Errorf("after DELETE of all (-want +got):\n%s", diff)
	}
}

func TestRecordCanComeBack(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	const record, later = "app.example.test A id=blue weight=%d alias=blue.elb.test", "CREATE z.example.test A ttl=60 | 192.0.2.1"
	x.mustChange(id, "CREATE "+fmt.Sprintf(record, 255), later)
	x.mustChange(id, "DELETE "+fmt.Sprintf(record, 255), "CREATE "+fmt.Sprintf(record, 77))
	x.mustChange(id, "DELETE "+fmt.Sprintf(record, 77), "CREATE "+fmt.Sprintf(record, 255)) // back to the first weight
	if _, err := x.change(id, "DELETE "+fmt.Sprintf(record, 77)); err == nil {
		t.Error("a stale record was deleted")
	}
	x.mustChange(id, "DELETE "+fmt.Sprintf(record, 255))
	if _, err := x.change(id, "DELETE "+fmt.Sprintf(record, 255)); err == nil {
		t.Error("a record was deleted twice")
	}
	x.mustChange(id, "CREATE "+fmt.Sprintf(record, 255)) // identical to one that was deleted
	want := []string{"app.example.test. A id=blue weight=255 alias=blue.elb.test.", "z.example.test. A ttl=60 | 192.0.2.1"}
	if diff := cmp.Diff(want, x.list(id)); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestBatchLimits(t *testing.T) {
	many := func(action string, n int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("%s h%d.example.test A ttl=60 | 192.0.2.1", action, i))
		}
		return lines
	}
	texts := func(action string, n, size int) (lines []string) {
		value := strings.TrimSpace(strings.Repeat(`"`+strings.Repeat("x", 197)+`" `, size/200))
		value += strings.Repeat(" ", size-len(value))
		for i := range n {
			lines = append(lines, fmt.Sprintf("%s h%d.example.test TXT ttl=60 | %s", action, i, value))
		}
		return lines
	}
	tests := []struct {
		name  string
		batch []string
		want  string
	}{
		{"1000 elements", many("CREATE", 1000), ""},
		{"1001 elements", many("CREATE", 1001), "InvalidChangeBatch: [Number of records limit of 1000 exceeded.]"},
		{"500 UPSERTs", many("UPSERT", 500), ""},
		{"501 UPSERTs, which count twice", many("UPSERT", 501), "InvalidChangeBatch: [Number of records limit of 1000 exceeded.]"},
		{"32,000 characters", texts("CREATE", 8, 4000), ""},
		{"more than 32,000 characters", append(texts("CREATE", 8, 4000), "CREATE i.example.test A ttl=1 | 192.0.2.1"), "InvalidChangeBatch: [RDATA character limit of 32000 exceeded.]"},
		{"16,000 characters of UPSERTs and then some", append(texts("UPSERT", 4, 4000), "UPSERT i.example.test A ttl=1 | 192.0.2.1"), "InvalidChangeBatch: [RDATA character limit of 32000 exceeded.]"},
		{"value of 4001 characters", texts("CREATE", 1, 4001), "InvalidInput: Invalid request: Value must have at most 4000 characters in Change with [Action=CREATE, Name=h0.example.test, Type=TXT, SetIdentifier=null]"},
		{"no change at all", nil, "InvalidInput: Invalid request: A change batch must contain at least one change"},
		{
			"string of 256 characters", []string{`CREATE t.example.test TXT ttl=60 | "` + strings.Repeat("x", 256) + `"`},
			"InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: CharacterStringTooLong (Value is too long) encountered with '\"" + strings.Repeat("x", 256) + "\"'']",
		},
		{"string of 255 characters", []string{`CREATE t.example.test TXT ttl=60 | "` + strings.Repeat("x", 255) + `"`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := newSandbox(t, instant())
			id := x.zone("example.test")
			_, err := x.change(id, tt.batch...)
			if got := refusal(err); got != tt.want {
				t.Errorf("refusal:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWeightedRecordsLimit(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	var lines []string
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("CREATE w.example.test A id=%d weight=1 ttl=60 | 192.0.2.%d", i, i+1))
	}
	x.mustChange(id, lines...)
	_, err := x.change(id, "CREATE w.example.test A id=x weight=1 ttl=60 | 192.0.2.200")
	const want = "InvalidChangeBatch: [Cannot have more than 100 weighted RRSets with DNS name w.example.test., type A.]"
	if got := refusal(err); got != want {
		t.Errorf("refusal:\n got %s\nwant %s", got, want)
	}
}

func TestApexRecords(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	ns := "example.test NS ttl=172800 | ns-1.dns.sandbox.test. | ns-2.dns.sandbox.test. | ns-3.dns.sandbox.test. | ns-4.dns.sandbox.test."
	soa := "example.test SOA ttl=900 | ns-1.dns.sandbox.test. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
	_, err := x.change(id, "DELETE "+ns, "DELETE "+soa)
	want := "InvalidChangeBatch: [A HostedZone must contain at least one NS record for the zone itself., A HostedZone must contain exactly one SOA record.]"
	if got := refusal(err); got != want {
		t.Errorf("DELETE of NS and SOA:\n got %s\nwant %s", got, want)
	}
	x.mustChange(id, "DELETE "+ns, "CREATE "+strings.Replace(ns, "172800", "60", 1))
	x.mustChange(id, "UPSERT "+strings.Replace(soa, "900", "60", 1))
	_, err = x.change(id, "CREATE sub.example.test SOA ttl=900 | ns-1.dns.sandbox.test. host.example.org. 1 7200 900 1209600 86400")
	want = "InvalidChangeBatch: [RRSet of type SOA with DNS name sub.example.test. is not permitted in zone example.test.]"
	if got := refusal(err); got != want {
		t.Errorf("second SOA:\n got %s\nwant %s", got, want)
	}
}

func TestUnknownZoneAndSpellingsOfItsID(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id, "CREATE a.example.test A ttl=60 | 192.0.2.1")
	x.mustChange(strings.TrimPrefix(id, "/hostedzone/"), "CREATE b.example.test A ttl=60 | 192.0.2.1")
	_, err := x.change("ZNOSUCHZONE", "CREATE b.example.test A ttl=60 | 192.0.2.1")
	if got, want := refusal(err), "NoSuchHostedZone: No hosted zone found with ID: ZNOSUCHZONE"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = x.client.ListResourceRecordSets(context.Background(), &sdk.ListResourceRecordSetsInput{HostedZoneId: aws.String("ZNOSUCHZONE")})
	if got, want := refusal(err), "NoSuchHostedZone: No hosted zone found with ID: ZNOSUCHZONE"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
