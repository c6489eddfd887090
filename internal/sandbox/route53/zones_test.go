package route53_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/route53"
)

var unexported = cmpopts.IgnoreUnexported(types.HostedZone{}, types.HostedZoneConfig{}, types.DelegationSet{}, types.VPC{}, types.ChangeInfo{},
	types.ResourceRecordSet{}, types.ResourceRecord{}, types.ResourceTagSet{}, types.Tag{}, types.AliasTarget{},
	sdk.CreateHostedZoneOutput{}, sdk.GetHostedZoneOutput{}, sdk.ListHostedZonesByNameOutput{}, sdk.TestDNSAnswerOutput{})

func TestCreateHostedZone(t *testing.T) {
	x := newSandbox(t, route53.Options{})
	out, err := x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{
		Name: aws.String("Example.TEST"), CallerReference: aws.String("ref"), HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("shop")},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(out.HostedZone.Id)
	if !strings.HasPrefix(id, "/hostedzone/Z") || !strings.HasPrefix(aws.ToString(out.ChangeInfo.Id), "/change/C") {
		t.Errorf("ids of zone and change: %s, %s", id, aws.ToString(out.ChangeInfo.Id))
	}
	zone := &types.HostedZone{
		Id: &id, Name: aws.String("example.test."), CallerReference: aws.String("ref"), ResourceRecordSetCount: aws.Int64(2),
		Config: &types.HostedZoneConfig{Comment: aws.String("shop")},
	}
	set := &types.DelegationSet{NameServers: []string{"ns-1.dns.sandbox.test", "ns-2.dns.sandbox.test", "ns-3.dns.sandbox.test", "ns-4.dns.sandbox.test"}}
	want := &sdk.CreateHostedZoneOutput{
		HostedZone: zone, DelegationSet: set,
		ChangeInfo: &types.ChangeInfo{Id: out.ChangeInfo.Id, Status: types.ChangeStatusPending, SubmittedAt: out.ChangeInfo.SubmittedAt},
		Location:   aws.String("https://route53.amazonaws.com/2013-04-01" + id),
	}
	ignore := cmpopts.IgnoreFields(sdk.CreateHostedZoneOutput{}, "ResultMetadata")
	if diff := cmp.Diff(want, out, unexported, ignore); diff != "" {
		t.Errorf("CreateHostedZone (-want +got):\n%s", diff)
	}
	got, err := x.client.GetHostedZone(t.Context(), &sdk.GetHostedZoneInput{Id: &id})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{zone, set}, []any{got.HostedZone, got.DelegationSet}, unexported); diff != "" {
		t.Errorf("GetHostedZone (-want +got):\n%s", diff)
	}
	var all []string
	records, err := x.client.ListResourceRecordSets(t.Context(), &sdk.ListResourceRecordSetsInput{HostedZoneId: &id})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records.ResourceRecordSets {
		all = append(all, formatSet(r))
	}
	wantAll := []string{
		"example.test. NS ttl=172800 | ns-1.dns.sandbox.test. | ns-2.dns.sandbox.test. | ns-3.dns.sandbox.test. | ns-4.dns.sandbox.test.",
		"example.test. SOA ttl=900 | ns-1.dns.sandbox.test. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
	}
	if diff := cmp.Diff(wantAll, all); diff != "" {
		t.Errorf("records of a new zone (-want +got):\n%s", diff)
	}
}

func TestCreateHostedZoneRefuses(t *testing.T) {
	vpc := &types.VPC{VPCId: aws.String("vpc-1"), VPCRegion: types.VPCRegionEuWest1}
	private := &types.HostedZoneConfig{PrivateZone: true}
	tests := []struct {
		name string
		in   sdk.CreateHostedZoneInput
		want string
	}{
		{"the same caller reference", sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String("taken")},
			"HostedZoneAlreadyExists: A hosted zone has already been created with the specified caller reference."},
		{"private without a VPC", sdk.CreateHostedZoneInput{Name: aws.String("example.test"), HostedZoneConfig: private},
			"InvalidInput: When you're creating a private hosted zone, the VPC must be specified"},
		{"the same private zone for the same VPC", sdk.CreateHostedZoneInput{Name: aws.String("internal.test"), VPC: vpc},
			"ConflictingDomainExists: The VPC vpc-1 in region eu-west-1 has already been associated with the hosted zone ZONE with the same domain name."},
		{"VPC without a region", sdk.CreateHostedZoneInput{Name: aws.String("x.test"), VPC: &types.VPC{VPCId: aws.String("vpc-2")}},
			"InvalidVPCId: The VPC: vpc-2 that you provided is not found under your account."},
		{"top-level domain", sdk.CreateHostedZoneInput{Name: aws.String("test")}, "InvalidDomainName: test. is a top-level domain"},
		{"bad name", sdk.CreateHostedZoneInput{Name: aws.String("a..test")},
			"InvalidDomainName: FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..test'"},
		{"unknown delegation set", sdk.CreateHostedZoneInput{Name: aws.String("x.test"), DelegationSetId: aws.String("N1")},
			"NoSuchDelegationSet: No delegation set found with ID: N1"},
		{"the name servers' own domain", sdk.CreateHostedZoneInput{Name: aws.String("dns.sandbox.test")},
			"ConflictingDomainExists: Cannot create hosted zone: dns.sandbox.test. belongs to the name servers"},
	}
	x := newSandbox(t, instant())
	create := func(in sdk.CreateHostedZoneInput) (*sdk.CreateHostedZoneOutput, error) {
		return x.client.CreateHostedZone(t.Context(), &in)
	}
	if _, err := create(sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String("taken")}); err != nil {
		t.Fatal(err)
	}
	out, err := create(sdk.CreateHostedZoneInput{Name: aws.String("internal.test"), CallerReference: aws.String("p"), HostedZoneConfig: private, VPC: vpc})
	if err != nil {
		t.Fatal(err)
	}
	if !out.HostedZone.Config.PrivateZone || out.DelegationSet != nil || aws.ToString(out.VPC.VPCId) != "vpc-1" {
		t.Errorf("private zone: %+v, delegation set %v, VPC %v", out.HostedZone.Config, out.DelegationSet, out.VPC)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.in.CallerReference == nil {
				tt.in.CallerReference = &tt.name
			}
			_, err := create(tt.in)
			got := strings.ReplaceAll(refusal(err), strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/"), "ZONE")
			if got != tt.want {
				t.Errorf("refusal:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestRelatedZonesShareNoNameServers makes zones of one name, and one inside of another: each needs name servers of its own,
// and there are only so many.
func TestRelatedZonesShareNoNameServers(t *testing.T) {
	x := newSandbox(t, instant())
	var got []string
	for i, name := range []string{"example.test", "a.example.test", "b.example.test", "example.test", "example.org", "test.example.test", "example.test"} {
		out, err := x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(fmt.Sprint(i))})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name+" "+out.DelegationSet.NameServers[0])
	}
	want := []string{
		"example.test ns-1.dns.sandbox.test", "a.example.test ns-5.dns.sandbox.test", "b.example.test ns-5.dns.sandbox.test",
		"example.test ns-9.dns.sandbox.test", "example.org ns-1.dns.sandbox.test", "test.example.test ns-5.dns.sandbox.test",
		"example.test ns-13.dns.sandbox.test",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first name server of each zone (-want +got):\n%s", diff)
	}
	_, err := x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String("one more")})
	if !strings.HasPrefix(refusal(err), "DelegationSetNotAvailable: ") {
		t.Errorf("fifth zone of a family: %v", err)
	}
}

func TestListHostedZones(t *testing.T) {
	x := newSandbox(t, instant())
	ids := map[string]string{}
	for _, name := range []string{"example.test", "a.test", "www.a.test", "b.example.org"} {
		ids[strings.TrimPrefix(x.zone(name), "/hostedzone/")] = name
	}
	byName := func(in sdk.ListHostedZonesByNameInput) string {
		out, err := x.client.ListHostedZonesByName(t.Context(), &in)
		if err != nil {
			return refusal(err)
		}
		var names []string
		for _, z := range out.HostedZones {
			names = append(names, *z.Name)
		}
		return fmt.Sprintf("%s next=%s/%s", strings.Join(names, " "), aws.ToString(out.NextDNSName), ids[aws.ToString(out.NextHostedZoneId)])
	}
	tests := []struct {
		name string
		in   sdk.ListHostedZonesByNameInput
		want string
	}{
		{"all, by reversed name", sdk.ListHostedZonesByNameInput{}, "b.example.org. a.test. www.a.test. example.test. next=/"},
		{"from a name on", sdk.ListHostedZonesByNameInput{DNSName: aws.String("a.test.")}, "a.test. www.a.test. example.test. next=/"},
		{"without the trailing dot", sdk.ListHostedZonesByNameInput{DNSName: aws.String("A.test")}, "a.test. www.a.test. example.test. next=/"},
		{"absent name: those after it", sdk.ListHostedZonesByNameInput{DNSName: aws.String("absent.test")}, "example.test. next=/"},
		{"paging", sdk.ListHostedZonesByNameInput{DNSName: aws.String("a.test"), MaxItems: aws.Int32(1)}, "a.test. next=www.a.test./www.a.test"},
		{"id without name", sdk.ListHostedZonesByNameInput{HostedZoneId: aws.String("Z1")}, "InvalidInput: The request must contain a DNSName when it contains a HostedZoneId"},
		{"no items", sdk.ListHostedZonesByNameInput{MaxItems: aws.Int32(0)}, "InvalidInput: The specified value for MaxItems is not valid: 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := byName(tt.in); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
	t.Run("ListHostedZones, one at a time", func(t *testing.T) {
		var got []string
		pages := sdk.NewListHostedZonesPaginator(x.client, &sdk.ListHostedZonesInput{MaxItems: aws.Int32(1)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, z := range page.HostedZones {
				got = append(got, strings.TrimSuffix(*z.Name, "."))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"a.test", "b.example.org", "example.test", "www.a.test"}, got); diff != "" {
			t.Errorf("zones (-want +got):\n%s", diff)
		}
	})
	t.Run("private zones only", func(t *testing.T) {
		out, err := x.client.ListHostedZones(t.Context(), &sdk.ListHostedZonesInput{HostedZoneType: types.HostedZoneTypePrivateHostedZone})
		if err != nil || len(out.HostedZones) != 0 {
			t.Errorf("got %v, %v", out, err)
		}
	})
}

// TestZonesOfOneName pages through zones that only their ids tell apart.
func TestZonesOfOneName(t *testing.T) {
	x := newSandbox(t, instant())
	want := []string{}
	for i := range 3 {
		out, err := x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String(fmt.Sprint(i))})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, *out.HostedZone.Id)
	}
	slices.Sort(want)
	got := []string{}
	in := &sdk.ListHostedZonesByNameInput{DNSName: aws.String("example.test"), MaxItems: aws.Int32(1)}
	for {
		out, err := x.client.ListHostedZonesByName(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, z := range out.HostedZones {
			got = append(got, *z.Id)
		}
		if !out.IsTruncated {
			break
		}
		in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("zones (-want +got):\n%s", diff)
	}
}

func TestDeleteHostedZone(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id, "CREATE a.example.test A ttl=60 | 192.0.2.1")
	remove := func(id string) error {
		_, err := x.client.DeleteHostedZone(t.Context(), &sdk.DeleteHostedZoneInput{Id: &id})
		return err
	}
	want := "HostedZoneNotEmpty: The specified hosted zone contains non-required resource record sets and so cannot be deleted."
	if got := refusal(remove(id)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	x.mustChange(id, "DELETE a.example.test A ttl=60 | 192.0.2.1")
	if err := remove(id); err != nil {
		t.Fatal(err)
	}
	if got, want := x.ask(0, "example.test", 6), []string{"REFUSED"}; !slices.Equal(got, want) {
		t.Errorf("a server of a deleted zone says %v", got)
	}
	want = "NoSuchHostedZone: No hosted zone found with ID: " + strings.TrimPrefix(id, "/hostedzone/")
	if got := refusal(remove(id)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if _, err := x.client.GetHostedZone(t.Context(), &sdk.GetHostedZoneInput{Id: &id}); refusal(err) != want {
		t.Errorf("GetHostedZone: %v", err)
	}
}

func TestTags(t *testing.T) {
	x := newSandbox(t, instant())
	id := strings.TrimPrefix(x.zone("example.test"), "/hostedzone/")
	change := func(in sdk.ChangeTagsForResourceInput) error {
		in.ResourceId, in.ResourceType = &id, types.TagResourceTypeHostedzone
		_, err := x.client.ChangeTagsForResource(t.Context(), &in)
		return err
	}
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	for _, in := range []sdk.ChangeTagsForResourceInput{
		{AddTags: []types.Tag{tag("b", "1"), tag("a", "1"), tag("gone", "1")}},
		{AddTags: []types.Tag{tag("b", "2")}, RemoveTagKeys: []string{"gone", "never"}},
	} {
		if err := change(in); err != nil {
			t.Fatal(err)
		}
	}
	out, err := x.client.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceId: &id, ResourceType: types.TagResourceTypeHostedzone})
	if err != nil {
		t.Fatal(err)
	}
	want := &types.ResourceTagSet{ResourceId: &id, ResourceType: types.TagResourceTypeHostedzone, Tags: []types.Tag{tag("a", "1"), tag("b", "2")}}
	if diff := cmp.Diff(want, out.ResourceTagSet, unexported); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if got, want := refusal(change(sdk.ChangeTagsForResourceInput{})), "InvalidInput: Either AddTags or RemoveTagKeys must be specified"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = x.client.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceId: aws.String("ZNONE"), ResourceType: types.TagResourceTypeHostedzone})
	if got, want := refusal(err), "NoSuchHostedZone: No hosted zone found with ID: ZNONE"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestDeletedZoneFadesAway shows that name servers serve a deleted zone until they hear of it, and that its name servers are
// not given to a zone of its name before.
func TestDeletedZoneFadesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newSandbox(t, route53.Options{})
		first := x.zone("example.test")
		second := x.zone("example.test")
		x.settle()
		delegated := func() string {
			x.account.Lock()
			defer x.account.Unlock()
			_, servers, ok := x.service.Delegation("www.example.test.")
			return fmt.Sprint(servers, ok)
		}
		got := []string{delegated()} // the older one
		if _, err := x.client.DeleteHostedZone(t.Context(), &sdk.DeleteHostedZoneInput{Id: &first}); err != nil {
			t.Fatal(err)
		}
		got = append(got, delegated(), fmt.Sprint(x.everywhere("example.test")))
		out, err := x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String("third")})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, out.DelegationSet.NameServers[0])
		time.Sleep(route53.DefaultPropagation[0])
		synctest.Wait()
		got = append(got, fmt.Sprint(x.everywhere("example.test")))
		time.Sleep(time.Minute)
		synctest.Wait()
		out, err = x.client.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: aws.String("example.test"), CallerReference: aws.String("fourth")})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, out.DelegationSet.NameServers[0])
		if _, err := x.client.DeleteHostedZone(t.Context(), &sdk.DeleteHostedZoneInput{Id: &second}); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"[0 1 2 3] true", "[4 5 6 7] true", "[[] [] [] []]", "ns-9.dns.sandbox.test",
			"[[REFUSED] [] [] []]", "ns-1.dns.sandbox.test",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("delegation, answers and name servers (-want +got):\n%s", diff)
		}
	})
}

// TestNegativeTTL lowers the minimum of the SOA record, which bounds how long nothing is remembered.
func TestNegativeTTL(t *testing.T) {
	x := newSandbox(t, instant())
	id := x.zone("example.test")
	x.mustChange(id, "UPSERT example.test SOA ttl=900 | ns-1.dns.sandbox.test. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 30")
	x.account.Lock()
	defer x.account.Unlock()
	m := x.service.Answer(0, dns.Question{Name: "absent.example.test.", Qtype: dns.TypeA, Qclass: dns.ClassINET})
	if got := m.Ns[0].Header().Ttl; got != 30 {
		t.Errorf("TTL of the SOA beside NXDOMAIN is %d, want 30", got)
	}
}
