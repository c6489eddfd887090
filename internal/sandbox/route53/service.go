// Package route53 is the sandbox's Route 53: hosted zones, exact and atomic change batches, and what each of a zone's four
// name servers answers while a change is still on its way to it.
//
// It has the service's manners, not its breadth: simple and weighted records, plain and alias, but no other
// routing policies; health checks that see what they are told, but do not look. Every exported method must be called with the account locked.
package route53

import (
	"net/netip"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// NameServers is how many name servers a hosted zone has.
const NameServers = 4

// Defaults of Options, in the account's time.
const DefaultProcessing = 300 * time.Millisecond

// DefaultPropagation is when each of a zone's name servers learns of a change. Route 53 says "generally within 60 seconds".
var DefaultPropagation = [NameServers]time.Duration{2 * time.Second, 6 * time.Second, 11 * time.Second, 18 * time.Second}

// Options are the knobs of the service. Durations are of the account's time; a negative one means none.
type Options struct {
	// Processing is how long a zone is busy with an accepted batch and refuses the next one; DefaultProcessing when zero.
	Processing time.Duration

	// Propagation is how long after a change each name server of the zone learns of it; DefaultPropagation when all zero.
	Propagation [NameServers]time.Duration

	// ResolveAlias finds what an alias may point at outside of its own zone: load balancers. It is given the DNS name in
	// lower case without the trailing dot and without "dualstack.", and is called with the account locked. Nil finds nothing.
	ResolveAlias func(dnsName string) (Alias, bool)
}

// Alias is a load balancer as DNS sees it.
type Alias struct {
	ZoneID  string       // its canonical hosted zone
	IPv4    []netip.Addr // answers to A
	IPv6    []netip.Addr // answers to AAAA; IPv4-mapped addresses are packed as they are
	Healthy bool         // as EvaluateTargetHealth sees it
}

// Service is the Route 53 of one account.
type Service struct {
	account *account.Account
	options Options

	zones   map[string]*zone
	served  []*zone // in order of creation; a deleted zone stays until its last name server has forgotten it
	changes map[string]*change
	checks  map[string]*healthCheck
}

// New makes a Route 53 without zones.
func New(a *account.Account, o Options) *Service {
	if o.Processing == 0 {
		o.Processing = DefaultProcessing
	}
	if o.Propagation == [NameServers]time.Duration{} {
		o.Propagation = DefaultPropagation
	}
	if o.ResolveAlias == nil {
		o.ResolveAlias = func(string) (Alias, bool) { return Alias{}, false }
	}
	return &Service{
		account: a, options: o,
		zones: map[string]*zone{}, changes: map[string]*change{}, checks: map[string]*healthCheck{},
	}
}

// API is the service as the front serves it.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "route53",
		Version:     "2013-04-01",
		Namespace:   "https://route53.amazonaws.com/doc/2013-04-01/",
		Protocols:   []wire.Protocol{wire.RESTXML},
		Operations: []wire.Operation{
			wire.Op[sdk.CreateHostedZoneInput, sdk.CreateHostedZoneOutput]("CreateHostedZone", s.CreateHostedZone),
			wire.Op[sdk.GetHostedZoneInput, sdk.GetHostedZoneOutput]("GetHostedZone", s.GetHostedZone),
			wire.Op[sdk.ListHostedZonesInput, sdk.ListHostedZonesOutput]("ListHostedZones", s.ListHostedZones),
			wire.Op[sdk.ListHostedZonesByNameInput, sdk.ListHostedZonesByNameOutput]("ListHostedZonesByName", s.ListHostedZonesByName),
			wire.Op[sdk.DeleteHostedZoneInput, sdk.DeleteHostedZoneOutput]("DeleteHostedZone", s.DeleteHostedZone),
			wire.Op[sdk.ChangeResourceRecordSetsInput, sdk.ChangeResourceRecordSetsOutput]("ChangeResourceRecordSets", s.ChangeResourceRecordSets),
			wire.Op[sdk.ListResourceRecordSetsInput, sdk.ListResourceRecordSetsOutput]("ListResourceRecordSets", s.ListResourceRecordSets),
			wire.Op[sdk.GetChangeInput, sdk.GetChangeOutput]("GetChange", s.GetChange),
			wire.Op[sdk.ChangeTagsForResourceInput, sdk.ChangeTagsForResourceOutput]("ChangeTagsForResource", s.ChangeTagsForResource),
			wire.Op[sdk.ListTagsForResourceInput, sdk.ListTagsForResourceOutput]("ListTagsForResource", s.ListTagsForResource),
			wire.Op[sdk.CreateHealthCheckInput, sdk.CreateHealthCheckOutput]("CreateHealthCheck", s.CreateHealthCheck),
			wire.Op[sdk.GetHealthCheckStatusInput, sdk.GetHealthCheckStatusOutput]("GetHealthCheckStatus", s.GetHealthCheckStatus),
			wire.Op[sdk.TestDNSAnswerInput, sdk.TestDNSAnswerOutput]("TestDNSAnswer", s.TestDNSAnswer),
		},
	}
}

// Settle lets every name server know everything at once and ends every wait, so that a ready-made account looks as if it had
// stood for long.
func (s *Service) Settle() {
	for _, z := range s.served {
		z.busy = false
		for i := range z.views {
			z.views[i] = view{number: z.number, records: z.newest()}
		}
	}
	s.forgetDeleted()
	for _, c := range s.changes {
		c.info.Status = types.ChangeStatusInsync
	}
}
