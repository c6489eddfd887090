package route53

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
)

// zone is a hosted zone.
type zone struct {
	id, name, callerReference string
	comment                   *string
	private                   bool
	vpcs                      []types.VPC
	servers                   int // number of the first of its four name servers
	tags                      map[string]string

	records *table // what the API lists
	number  int    // of the newest change
	views   [NameServers]view
	busy    bool // with the batch accepted last
	deleted bool
}

// view is what one name server knows of a zone.
type view struct {
	number  int    // of the newest change it knows
	records *table // nil: it does not serve the zone
}

// newest is what a name server knows that knows everything.
func (z *zone) newest() *table {
	if z.deleted {
		return nil
	}
	return z.records
}

// learn tells a name server of a change. A server that already knows a later one keeps it: changes never go back.
func (z *zone) learn(server, number int, records *table) {
	if number > z.views[server].number {
		z.views[server] = view{number, records}
	}
}

func (z *zone) count() int64 { return int64(len(z.records.records)) }

func (z *zone) describe() *types.HostedZone {
	config := &types.HostedZoneConfig{PrivateZone: z.private, Comment: z.comment}
	return &types.HostedZone{
		Id:                     aws.String("/hostedzone/" + z.id),
		Name:                   aws.String(z.name),
		CallerReference:        aws.String(z.callerReference),
		Config:                 config,
		ResourceRecordSetCount: aws.Int64(z.count()),
	}
}

// delegationSet is nil for a private zone.
func (z *zone) delegationSet() *types.DelegationSet {
	if z.private {
		return nil
	}
	set := &types.DelegationSet{}
	for i := range NameServers {
		set.NameServers = append(set.NameServers, strings.TrimSuffix(ServerName(z.servers+i), "."))
	}
	return set
}

// firstRecords are the SOA and NS records that every zone is born with.
func (z *zone) firstRecords() *table {
	var values []types.ResourceRecord
	for i := range NameServers {
		values = append(values, types.ResourceRecord{Value: aws.String(ServerName(z.servers + i))})
	}
	soa := fmt.Sprintf("%s awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", *values[0].Value)
	groups := map[group][]*record{}
	for _, set := range []types.ResourceRecordSet{
		{Name: &z.name, Type: types.RRTypeNs, TTL: aws.Int64(172800), ResourceRecords: values},
		{Name: &z.name, Type: types.RRTypeSoa, TTL: aws.Int64(900), ResourceRecords: []types.ResourceRecord{{Value: &soa}}},
	} {
		r, err := newRecord(set)
		if err != nil {
			panic(fmt.Sprintf("the zone's own %s record: %v", set.Type, err)) // the name was checked before
		}
		groups[r.group()] = []*record{r}
	}
	return newTable(z.name, groups)
}

// zone finds a zone by its id, with or without "/hostedzone/".
func (s *Service) zone(id *string) (*zone, error) {
	if z := s.zones[bareID(aws.ToString(id))]; z != nil {
		return z, nil
	}
	return nil, noSuchZone(aws.ToString(id))
}

func noSuchZone(id string) error {
	return wire.Errorf("NoSuchHostedZone", "No hosted zone found with ID: %s", bareID(id)).WithStatus(404)
}

func invalidInput(format string, args ...any) error {
	return wire.Errorf("InvalidInput", format, args...)
}
