package dns

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/route53"
	"bluegreen/internal/sandbox/wire"
)

// balancers is the hosted zone of the load balancers that tests point at.
const balancers = "Z32O12XQLNTSW2"

// cloud is an account with a Route 53, and the adapter in front of it.
type cloud struct {
	t      *testing.T
	front  *wire.Front
	client *Client
	sdk    *sdk.Client // somebody else's
	zones  int
}

func inCloud(t *testing.T, test func(t *testing.T, c *cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		acct.Lock()
		service := route53.New(acct, route53.Options{ResolveAlias: func(string) (route53.Alias, bool) {
			return route53.Alias{ZoneID: balancers, IPv4: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Healthy: true}, true
		}})
		acct.Unlock()
		c := &cloud{t: t, front: wire.NewFront(acct, service.API())}
		cfg := aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"),
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
			HTTPClient:  &http.Client{Transport: wire.Transport(c.front)},
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 9 })
			},
		}
		c.client, c.sdk = New(cfg), sdk.NewFromConfig(cfg)
		test(t, c)
	})
}

// zone makes a hosted zone, a private one in the given network.
func (c *cloud) zone(name, vpc string) (id string) {
	c.t.Helper()
	c.zones++
	in := &sdk.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(fmt.Sprint(c.zones))}
	if vpc != "" {
		in.VPC = &types.VPC{VPCId: &vpc, VPCRegion: types.VPCRegionEuWest1}
		in.HostedZoneConfig = &types.HostedZoneConfig{PrivateZone: true}
	}
	out, err := c.sdk.CreateHostedZone(context.Background(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	return zone(*out.HostedZone).ID
}

// create adds records, as many at once as Route 53 takes.
func (c *cloud) create(zoneID string, records ...Record) {
	c.t.Helper()
	for len(records) > 0 {
		n := min(len(records), 1000)
		var changes []Change
		for _, r := range records[:n] {
			changes = append(changes, Change{Create, r})
		}
		if _, err := c.client.Apply(context.Background(), zoneID, changes, "test"); err != nil {
			c.t.Fatal(err)
		}
		records = records[n:]
	}
}

// calls counts the calls of an operation that test makes.
func (c *cloud) calls(operation string, test func()) int {
	n := 0
	stop := c.front.Calls.Observe(func(call wire.Call) {
		if call.Operation == operation {
			n++
		}
	})
	defer stop()
	test()
	return n
}

func simple(name, value string) Record {
	return Record{Name: name, Type: "TXT", TTL: 60, Values: []string{fmt.Sprintf("%q", value)}}
}

func weighted(name, rrtype, set string, weight int64) Record {
	return Record{
		Name: name, Type: rrtype, SetID: set, Policy: Weighted, Weight: weight,
		Alias: &Alias{Name: "dualstack." + set + ".elb.test.", ZoneID: balancers, EvaluateHealth: true},
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
