package nameserver_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/nameserver"
	"bluegreen/internal/sandbox/route53"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sandbox is a Route 53 with its name servers on a network.
type sandbox struct {
	t       *testing.T
	account *account.Account
	fabric  *fabric.Fabric
	route53 *route53.Service
	servers *nameserver.Servers
}

// start serves DNS for one load balancer, blue.elb.test in the zone ZELB.
func start(t *testing.T, f *fabric.Fabric, o route53.Options) *sandbox {
	x := &sandbox{t: t, account: account.New(account.Options{Seed: 3}), fabric: f}
	t.Cleanup(x.account.Close)
	o.ResolveAlias = func(name string) (route53.Alias, bool) {
		ip := netip.MustParseAddr("127.20.16.1")
		blue := route53.Alias{ZoneID: "ZELB", IPv4: []netip.Addr{ip}, IPv6: []netip.Addr{netip.AddrFrom16(ip.As16())}, Healthy: true}
		return blue, name == "blue.elb.test"
	}
	x.route53 = route53.New(x.account, o)
	var err error
	if x.servers, err = nameserver.Start(nameserver.Options{Account: x.account, Fabric: f, Zones: x.route53}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.servers.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// loopback is a sandbox on real sockets whose servers know everything at once.
func loopback(t *testing.T) *sandbox {
	f, err := fabric.Loopback()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return start(t, f, instant())
}

func instant() route53.Options {
	return route53.Options{Processing: -1, Propagation: [route53.NameServers]time.Duration{-1, -1, -1, -1}}
}

func (x *sandbox) zone(name string) (id string) {
	x.t.Helper()
	x.account.Lock()
	defer x.account.Unlock()
	out, err := x.route53.CreateHostedZone(context.Background(), &sdk.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(x.account.Hex(8))})
	if err != nil {
		x.t.Fatal(err)
	}
	return *out.HostedZone.Id
}

// put creates or overwrites simple records: "www.example.test A 192.0.2.1,192.0.2.2", or with "alias" and a name in place of
// the values.
func (x *sandbox) put(id string, lines ...string) {
	x.t.Helper()
	batch := &types.ChangeBatch{}
	for _, line := range lines {
		fields := strings.SplitN(line, " ", 3)
		set := &types.ResourceRecordSet{Name: &fields[0], Type: types.RRType(fields[1])}
		if target, isAlias := strings.CutPrefix(fields[2], "alias "); isAlias {
			set.AliasTarget = &types.AliasTarget{DNSName: &target, HostedZoneId: aws.String("ZELB")}
		} else {
			set.TTL = aws.Int64(30)
			for value := range strings.SplitSeq(fields[2], ",") {
				set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &value})
			}
		}
		batch.Changes = append(batch.Changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: set})
	}
	x.account.Lock()
	defer x.account.Unlock()
	_, err := x.route53.ChangeResourceRecordSets(context.Background(), &sdk.ChangeResourceRecordSetsInput{HostedZoneId: &id, ChangeBatch: batch})
	if err != nil {
		x.t.Fatal(err)
	}
}

// exchange sends one message to a server and waits for the answer.
func (x *sandbox) exchange(network string, to netip.AddrPort, m *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := x.fabric.DialContext(ctx, network, to.String())
	if err != nil {
		return nil, err
	}
	c := &dns.Conn{Conn: conn}
	defer func() { _ = c.Close() }()
	if opt := m.IsEdns0(); opt != nil {
		c.UDPSize = opt.UDPSize()
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	if err := c.WriteMsg(m); err != nil {
		return nil, err
	}
	answer, err := c.ReadMsg()
	if err == nil && answer.Id != m.Id {
		err = fmt.Errorf("answer %d to query %d", answer.Id, m.Id)
	}
	return answer, err
}

// query asks "www.example.test A" and gives the answer as lines.
func (x *sandbox) query(network string, to netip.AddrPort, question string) []string {
	x.t.Helper()
	name, kind, _ := strings.Cut(question, " ")
	m, err := x.exchange(network, to, new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[kind]))
	if err != nil {
		x.t.Fatalf("ask %s for %s: %v", to, question, err)
	}
	return format(m)
}

// format is an answer as lines: code and flags, the answer, the authority section after "--", the rest after "++". Addresses
// of the sandbox's network are written as of 127.0.0.0/16.
func format(m *dns.Msg) []string {
	head := dns.RcodeToString[m.Rcode]
	for flag, set := range map[string]bool{" aa": m.Authoritative, " ra": m.RecursionAvailable, " tc": m.Truncated} {
		if set {
			head += flag
		}
	}
	lines := []string{head}
	for _, section := range []struct {
		mark string
		rrs  []dns.RR
	}{{"", m.Answer}, {"--", m.Ns}, {"++", m.Extra}} {
		for i, rr := range section.rrs {
			if i == 0 && section.mark != "" {
				lines = append(lines, section.mark)
			}
			if a, ok := rr.(*dns.A); ok && a.A.IsLoopback() && a.A.To4()[2] == fabric.DNS {
				a.A.To4()[1] = 0
			}
			lines = append(lines, strings.ReplaceAll(rr.String(), "\t", " "))
		}
	}
	return lines
}
