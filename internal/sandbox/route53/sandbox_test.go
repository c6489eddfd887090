package route53_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/route53"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// albZone is the hosted zone of the load balancers that tests point at: blue, green, and any added later.
const albZone = "Z32O12XQLNTSW2"

// sandbox is a Route 53 with the SDK's client in front of it.
type sandbox struct {
	t         tb
	account   *account.Account
	service   *route53.Service
	client    *sdk.Client
	balancers map[string]route53.Alias
	zones     int
}

// tb is what a sandbox needs of a test, be it testing's or rapid's.
type tb interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

func newSandbox(t tb, o route53.Options) *sandbox {
	x := &sandbox{t: t, account: account.New(account.Options{Seed: 7}), balancers: map[string]route53.Alias{}}
	t.Cleanup(x.account.Close)
	for i, name := range []string{"blue", "green"} {
		ip := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 20, byte(16 + i), n}) }
		x.balancers[name] = route53.Alias{
			ZoneID: albZone, IPv4: []netip.Addr{ip(1), ip(2)}, IPv6: []netip.Addr{netip.AddrFrom16(ip(1).As16())}, Healthy: true,
		}
	}
	o.ResolveAlias = func(name string) (route53.Alias, bool) {
		b, ok := x.balancers[strings.TrimSuffix(name, ".elb.test")]
		return b, ok
	}
	x.service = route53.New(x.account, o)
	front := wire.NewFront(x.account, x.service.API())
	x.client = sdk.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://sandbox"),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		HTTPClient:   &http.Client{Transport: wire.Transport(front)},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	})
	return x
}

// instant are options under which nothing has to be waited for.
func instant() route53.Options {
	return route53.Options{Processing: -1, Propagation: [route53.NameServers]time.Duration{-1, -1, -1, -1}}
}

func (x *sandbox) zone(name string) (id string) {
	x.t.Helper()
	x.zones++
	out, err := x.client.CreateHostedZone(context.Background(), &sdk.CreateHostedZoneInput{
		Name: &name, CallerReference: aws.String(fmt.Sprint("zone ", x.zones)),
	})
	if err != nil {
		x.t.Fatalf("create zone %s: %v", name, err)
	}
	return *out.HostedZone.Id
}

// change sends a batch of changes as lines of text, see parseChange.
func (x *sandbox) change(zoneID string, lines ...string) (*types.ChangeInfo, error) {
	in := &sdk.ChangeResourceRecordSetsInput{HostedZoneId: &zoneID, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{}}}
	for _, line := range lines {
		in.ChangeBatch.Changes = append(in.ChangeBatch.Changes, parseChange(line, zoneID))
	}
	out, err := x.client.ChangeResourceRecordSets(context.Background(), in)
	if err != nil {
		return nil, err
	}
	return out.ChangeInfo, nil
}

func (x *sandbox) mustChange(zoneID string, lines ...string) *types.ChangeInfo {
	x.t.Helper()
	info, err := x.change(zoneID, lines...)
	if err != nil {
		x.t.Fatalf("change %q: %v", lines, err)
	}
	return info
}

// list is all of a zone's records but the SOA and NS of its apex, as text.
func (x *sandbox) list(zoneID string) []string {
	x.t.Helper()
	lines := []string{}
	pages := sdk.NewListResourceRecordSetsPaginator(x.client, &sdk.ListResourceRecordSetsInput{HostedZoneId: &zoneID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			x.t.Fatalf("list records: %v", err)
		}
		for _, set := range page.ResourceRecordSets {
			if set.Type != types.RRTypeSoa && set.Type != types.RRTypeNs {
				lines = append(lines, formatSet(set))
			}
		}
	}
	return lines
}

// ask puts a question to a name server and gives the answer as text, values only.
func (x *sandbox) ask(server int, name string, kind uint16) []string {
	x.account.Lock()
	defer x.account.Unlock()
	m := x.service.Answer(server, dns.Question{Name: dns.Fqdn(name), Qtype: kind, Qclass: dns.ClassINET})
	lines := []string{}
	if m.Rcode != dns.RcodeSuccess {
		lines = append(lines, dns.RcodeToString[m.Rcode])
	}
	for _, rr := range m.Answer {
		lines = append(lines, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	return lines
}

// parseChange reads "CREATE www.example.test A id=blue weight=255 ttl=60 | 192.0.2.1 | 192.0.2.2", or with
// "alias=blue.elb.test zone=Z1 eth" in place of the TTL and the values. The zone is albZone, or this one for "zone=self".
func parseChange(line, self string) types.Change {
	words, values, _ := strings.Cut(line, " | ")
	fields := strings.Fields(words)
	set := &types.ResourceRecordSet{Name: aws.String(fields[1]), Type: types.RRType(fields[2])}
	for _, field := range fields[3:] {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "id":
			set.SetIdentifier = &value
		case "weight":
			set.Weight = parseInt(value)
		case "ttl":
			set.TTL = parseInt(value)
		case "region":
			set.Region = types.ResourceRecordSetRegion(value)
		case "check":
			set.HealthCheckId = &value
		case "alias":
			set.AliasTarget = &types.AliasTarget{DNSName: &value, HostedZoneId: aws.String(albZone)}
		case "zone":
			set.AliasTarget.HostedZoneId = &value
			if value == "self" {
				set.AliasTarget.HostedZoneId = &self
			}
		case "eth":
			set.AliasTarget.EvaluateTargetHealth = true
		default:
			panic("no such field: " + field)
		}
	}
	for value := range strings.SplitSeq(values, " | ") {
		if value != "" {
			set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &value})
		}
	}
	return types.Change{Action: types.ChangeAction(fields[0]), ResourceRecordSet: set}
}

func parseInt(s string) *int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return &n
}

// formatSet is a record set in the words of parseChange.
func formatSet(set types.ResourceRecordSet) string {
	words := []string{*set.Name, string(set.Type)}
	add := func(key string, value any) { words = append(words, fmt.Sprintf("%s=%v", key, value)) }
	if set.SetIdentifier != nil {
		add("id", *set.SetIdentifier)
	}
	if set.Weight != nil {
		add("weight", *set.Weight)
	}
	if set.HealthCheckId != nil {
		add("check", *set.HealthCheckId)
	}
	if set.TTL != nil {
		add("ttl", *set.TTL)
	}
	if a := set.AliasTarget; a != nil {
		add("alias", *a.DNSName)
		if *a.HostedZoneId != albZone {
			add("zone", *a.HostedZoneId)
		}
		if a.EvaluateTargetHealth {
			words = append(words, "eth")
		}
	}
	for _, v := range set.ResourceRecords {
		words = append(words, "|", *v.Value)
	}
	return strings.Join(words, " ")
}

// refusal is an error's code and messages, as a client sees them; "" is no error.
func refusal(err error) string {
	if err == nil {
		return ""
	}
	var batch *types.InvalidChangeBatch
	var api smithy.APIError
	switch {
	case errors.As(err, &batch):
		return "InvalidChangeBatch: " + aws.ToString(batch.Message)
	case errors.As(err, &api):
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// formatMsg is an answer as lines: the code and authority bit, the answer, then the other sections, if any, each after a mark.
func formatMsg(m *dns.Msg) []string {
	head := dns.RcodeToString[m.Rcode]
	if m.Authoritative {
		head += " aa"
	}
	lines := []string{head}
	for _, section := range []struct {
		mark string
		rrs  []dns.RR
	}{{"", m.Answer}, {"--", m.Ns}, {"++", m.Extra}} {
		if section.mark != "" && len(section.rrs) > 0 {
			lines = append(lines, section.mark)
		}
		for _, rr := range section.rrs {
			lines = append(lines, strings.ReplaceAll(rr.String(), "\t", " "))
		}
	}
	return lines
}
