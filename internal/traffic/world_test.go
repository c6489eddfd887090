package traffic

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	r53 "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/dns"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/route53"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a zone with the records of an app, in an account that several people work in.
type world struct {
	front *wire.Front
	zone  Zone        // ours
	hand  *sdk.Client // somebody else's
}

// inWorld runs a test in a synctest bubble, on an app of two names of which blue has all the traffic.
func inWorld(t *testing.T, o route53.Options, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		o.ResolveAlias = func(name string) (route53.Alias, bool) {
			return route53.Alias{ZoneID: albZone, IPv4: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Healthy: true}, strings.HasSuffix(name, ".elb.test")
		}
		acct.Lock()
		service := route53.New(acct, o)
		acct.Unlock()
		w := &world{front: wire.NewFront(acct, service.API())}
		cfg := aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"),
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
			HTTPClient:  &http.Client{Transport: wire.Transport(w.front)},
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 9 })
			},
		}
		w.hand = sdk.NewFromConfig(cfg)
		made, err := w.hand.CreateHostedZone(t.Context(), &sdk.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String("1")})
		if err != nil {
			t.Fatal(err)
		}
		w.zone = Zone{App: shop, Client: dns.New(cfg)}
		w.zone.App.Zone = strings.TrimPrefix(*made.HostedZone.Id, "/hostedzone/")
		var first []dns.Change
		for _, name := range shop.Names {
			for _, rrtype := range []string{"A", "AAAA"} {
				first = append(first, dns.Change{Action: dns.Create, Record: alias(name, rrtype, Blue, 100)})
			}
		}
		if _, err := w.zone.Client.Apply(t.Context(), w.zone.App.Zone, first, "the app"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		test(t, w)
	})
}

// read is what the zone holds now, unless something is wrong with it.
func (w *world) read(t tb) Set {
	t.Helper()
	s, err := w.zone.Read(context.Background())
	if err != nil {
		t.Fatalf("read the zone: %v", err)
	}
	return s
}

// plan is the batch from what the zone holds to other weights, under an epoch.
func (w *world) plan(t tb, epoch int64, weights Weights) Batch {
	t.Helper()
	fence := someFence(epoch)
	b, err := w.zone.App.Plan(w.read(t), Want{Weights: weights, Fence: fence, Targets: targets, Proven: Colors})
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return b
}

// upsert is what a hand does: it writes over whatever is there.
func (w *world) upsert(ctx context.Context, r dns.Record) error {
	set := &r53.ResourceRecordSet{Name: &r.Name, Type: r53.RRType(r.Type)}
	if r.Policy == dns.Weighted {
		set.SetIdentifier, set.Weight = &r.SetID, &r.Weight
	}
	if r.Alias != nil {
		set.AliasTarget = &r53.AliasTarget{DNSName: &r.Alias.Name, HostedZoneId: &r.Alias.ZoneID, EvaluateTargetHealth: r.Alias.EvaluateHealth}
	} else {
		set.TTL = &r.TTL
		for _, v := range r.Values {
			set.ResourceRecords = append(set.ResourceRecords, r53.ResourceRecord{Value: &v})
		}
	}
	_, err := w.hand.ChangeResourceRecordSets(ctx, &sdk.ChangeResourceRecordSetsInput{
		HostedZoneId: &w.zone.App.Zone,
		ChangeBatch:  &r53.ChangeBatch{Changes: []r53.Change{{Action: r53.ChangeActionUpsert, ResourceRecordSet: set}}},
	})
	return err
}

// accepted counts the batches that Route 53 takes while test runs.
func (w *world) accepted(test func()) int {
	n := 0
	stop := w.front.Calls.Observe(func(c wire.Call) {
		if c.Operation == "ChangeResourceRecordSets" && c.Code == "" {
			n++
		}
	})
	defer stop()
	test()
	return n
}

// strike makes a call to change records go wrong.
func strike(nth, times int, action wire.Action) wire.Fault {
	return wire.Fault{Service: "route53", Operation: "ChangeResourceRecordSets", Nth: nth, Times: times, Action: action}
}
