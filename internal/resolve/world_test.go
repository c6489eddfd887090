package resolve

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/nameserver"
	"bluegreen/internal/sandbox/route53"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a DNS of zones, their parents and a resolver.
type world struct {
	t       *testing.T
	acct    *account.Account
	zones   *route53.Service
	servers *nameserver.Servers
	client  Client
}

func start(t *testing.T, f *fabric.Fabric) *world {
	t.Helper()
	w := &world{t: t, acct: account.New(account.Options{})}
	w.acct.Lock()
	w.zones = route53.New(w.acct, route53.Options{
		Processing: -1, Propagation: [route53.NameServers]time.Duration{-1, -1, -1, -1},
	})
	w.acct.Unlock()
	var err error
	if w.servers, err = nameserver.Start(nameserver.Options{Account: w.acct, Fabric: f, Zones: w.zones}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.acct.Close()
		if err := w.servers.Close(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	w.client = Client{Resolver: w.servers.Resolver().String(), Dial: f.DialContext}
	return w
}

// inMemory runs a test where name servers are pipes, and time costs nothing.
func inMemory(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, start(t, fabric.Memory())) })
}

// everywhere runs a test in memory and on real sockets.
func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("in memory", func(t *testing.T) { inMemory(t, test) })
	t.Run("on sockets", func(t *testing.T) {
		f, err := fabric.Loopback()
		if err != nil {
			t.Fatal(err)
		}
		w := start(t, f)
		w.client.Dial = nil // what the product does
		test(t, w)
	})
}

// zone makes a zone with records: "www.example.test A 192.0.2.1,192.0.2.2", of a TTL of 30 but for aliases. It gives the names
// of the zone's servers.
func (w *world) zone(name string, lines ...string) []string {
	w.t.Helper()
	w.acct.Lock()
	defer w.acct.Unlock()
	made, err := w.zones.CreateHostedZone(context.Background(), &sdk.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(w.acct.Hex(8))})
	if err != nil {
		w.t.Fatal(err)
	}
	batch := &types.ChangeBatch{}
	for _, line := range lines {
		fields := strings.SplitN(line, " ", 3)
		set := &types.ResourceRecordSet{Name: &fields[0], Type: types.RRType(fields[1]), TTL: aws.Int64(30)}
		if set.Type == types.RRTypeCname {
			set.TTL = aws.Int64(300)
		}
		for value := range strings.SplitSeq(fields[2], ",") {
			set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &value})
		}
		batch.Changes = append(batch.Changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: set})
	}
	if len(lines) == 0 {
		return made.DelegationSet.NameServers
	}
	if _, err := w.zones.ChangeResourceRecordSets(context.Background(), &sdk.ChangeResourceRecordSetsInput{HostedZoneId: made.HostedZone.Id, ChangeBatch: batch}); err != nil {
		w.t.Fatal(err)
	}
	return made.DelegationSet.NameServers
}

// down makes a server deaf: packets are dropped, streams closed.
func (w *world) down(addr string) {
	w.t.Helper()
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.servers.SetDown(netip.MustParseAddr(host), true)
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
