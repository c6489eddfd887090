package route53_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
)

func TestListResourceRecordSets(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	var batch []string
	for _, i := range []int{4, 0, 6, 2, 1, 5, 3} {
		batch = append(batch, fmt.Sprintf("CREATE p.example.test A id=id%d weight=%d ttl=60 | 192.0.2.%d", i, i, i+1))
	}
	x.mustChange(id, append(batch, "CREATE p.example.test TXT ttl=60 | \"x\"", "CREATE q.example.test A ttl=60 | 192.0.2.9",
		"CREATE b.a.example.test A ttl=60 | 192.0.2.9", "CREATE a.example.test AAAA ttl=60 | 2001:db8::1", "CREATE *.example.test A ttl=60 | 192.0.2.9",
		"CREATE a-b.example.test A ttl=60 | 192.0.2.9", "CREATE ab.example.test A ttl=60 | 192.0.2.9")...)
	all := []string{
		"example.test. NS", "example.test. SOA", `\052.example.test. A`, "a-b.example.test. A", "a.example.test. AAAA", "b.a.example.test. A",
		"ab.example.test. A", "p.example.test. A id0", "p.example.test. A id1", "p.example.test. A id2", "p.example.test. A id3",
		"p.example.test. A id4", "p.example.test. A id5", "p.example.test. A id6", "p.example.test. TXT", "q.example.test. A",
	}
	short := func(set types.ResourceRecordSet) string {
		s := *set.Name + " " + string(set.Type)
		if set.SetIdentifier != nil {
			s += " " + *set.SetIdentifier
		}
		return s
	}

	for _, size := range []int32{1, 3, 300, 1000} {
		t.Run(fmt.Sprintf("pages of %d", size), func(t *testing.T) {
			var got []string
			pages := sdk.NewListResourceRecordSetsPaginator(x.client, &sdk.ListResourceRecordSetsInput{HostedZoneId: &id, MaxItems: &size})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if want := min(size, 300); *page.MaxItems != want || len(page.ResourceRecordSets) > int(want) {
					t.Errorf("page of %d records says MaxItems %d", len(page.ResourceRecordSets), *page.MaxItems)
				}
				for _, set := range page.ResourceRecordSets {
					got = append(got, short(set))
				}
			}
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}

	tests := []struct {
		name string
		in   sdk.ListResourceRecordSetsInput
		want string // first record, and where to go on
	}{
		{"exact name", sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("q.example.test")}, "q.example.test. A next= "},
		{"name in another spelling", sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("*.EXAMPLE.test.")}, `\052.example.test. A next=a-b.example.test. A`},
		{"absent name: the next one", sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("c.example.test")}, "p.example.test. A id0 next=p.example.test. A id1"},
		{"name and type", sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("p.example.test"), StartRecordType: types.RRTypeTxt}, "p.example.test. TXT next=q.example.test. A"},
		{"name, type and identifier", sdk.ListResourceRecordSetsInput{
			StartRecordName: aws.String("p.example.test"), StartRecordType: types.RRTypeA, StartRecordIdentifier: aws.String("id4"),
		}, "p.example.test. A id4 next=p.example.test. A id5"},
		{"type without name", sdk.ListResourceRecordSetsInput{StartRecordType: types.RRTypeA}, "InvalidInput: The request must contain a StartRecordName when it contains a StartRecordType"},
		{"identifier without type", sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("p.example.test"), StartRecordIdentifier: aws.String("id4")},
			"InvalidInput: The request must contain a StartRecordType when it contains a StartRecordIdentifier"},
		{"unknown type", sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("p.example.test"), StartRecordType: "X"}, "InvalidInput: 'X' is not a valid StartRecordType"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.HostedZoneId, tt.in.MaxItems = &id, aws.Int32(1)
			out, err := x.client.ListResourceRecordSets(t.Context(), &tt.in)
			got := refusal(err)
			if err == nil {
				next := types.ResourceRecordSet{Name: aws.String(aws.ToString(out.NextRecordName)), Type: out.NextRecordType, SetIdentifier: out.NextRecordIdentifier}
				got = short(out.ResourceRecordSets[0]) + " next=" + short(next)
			}
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestListResourceRecordSetsDefaultPage(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	var batch []string
	for i := range 320 {
		batch = append(batch, fmt.Sprintf("CREATE h%d.example.test A ttl=60 | 192.0.2.1", i))
	}
	x.mustChange(id, batch...)
	var sizes []int
	pages := sdk.NewListResourceRecordSetsPaginator(x.client, &sdk.ListResourceRecordSetsInput{HostedZoneId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.ResourceRecordSets))
	}
	if want := []int{300, 22}; !slices.Equal(sizes, want) {
		t.Errorf("pages of %v records, want %v", sizes, want)
	}
}
