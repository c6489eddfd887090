package route53

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
)

// maxZonesPage is the most that one page of zones holds.
const maxZonesPage = 100

// pageSize reads MaxItems, which the service lowers to its own limit without a word.
func pageSize(asked *int32, limit int32) (int, error) {
	if asked == nil {
		return int(limit), nil
	}
	if *asked < 1 {
		return 0, invalidInput("The specified value for MaxItems is not valid: %d", *asked)
	}
	return int(min(*asked, limit)), nil
}

// ListHostedZones lists zones in the order of their ids.
func (s *Service) ListHostedZones(_ context.Context, in *sdk.ListHostedZonesInput) (*sdk.ListHostedZonesOutput, error) {
	size, err := pageSize(in.MaxItems, maxZonesPage)
	if err != nil {
		return nil, err
	}
	if in.DelegationSetId != nil {
		return nil, wire.Errorf("NoSuchDelegationSet", "No delegation set found with ID: %s", bareID(*in.DelegationSetId))
	}
	var zones []*zone
	for _, z := range s.zones {
		if z.id >= bareID(aws.ToString(in.Marker)) && (in.HostedZoneType != types.HostedZoneTypePrivateHostedZone || z.private) {
			zones = append(zones, z)
		}
	}
	slices.SortFunc(zones, func(a, b *zone) int { return strings.Compare(a.id, b.id) })
	out := &sdk.ListHostedZonesOutput{Marker: in.Marker, MaxItems: aws.Int32(int32(size)), HostedZones: []types.HostedZone{}}
	for i, z := range zones {
		if i == size {
			out.IsTruncated, out.NextMarker = true, aws.String(z.id)
			break
		}
		out.HostedZones = append(out.HostedZones, *z.describe())
	}
	return out, nil
}

// ListHostedZonesByName lists zones in the order of their reversed names, from the given name on, whether or not a zone has
// just that name.
func (s *Service) ListHostedZonesByName(_ context.Context, in *sdk.ListHostedZonesByNameInput) (*sdk.ListHostedZonesByNameOutput, error) {
	size, err := pageSize(in.MaxItems, maxZonesPage)
	if err != nil {
		return nil, err
	}
	var start string
	if in.DNSName != nil {
		name, err := parseName(*in.DNSName)
		if err != nil {
			return nil, wire.Errorf("InvalidDomainName", "%s", err)
		}
		start = nameOrder(name)
	} else if in.HostedZoneId != nil {
		return nil, invalidInput("The request must contain a DNSName when it contains a HostedZoneId")
	}
	startID := bareID(aws.ToString(in.HostedZoneId))
	var zones []*zone
	for _, z := range s.zones {
		if order := nameOrder(z.name); order > start || (order == start && z.id >= startID) {
			zones = append(zones, z)
		}
	}
	slices.SortFunc(zones, func(a, b *zone) int {
		return cmp.Or(strings.Compare(nameOrder(a.name), nameOrder(b.name)), strings.Compare(a.id, b.id))
	})
	out := &sdk.ListHostedZonesByNameOutput{
		DNSName: in.DNSName, HostedZoneId: in.HostedZoneId, MaxItems: aws.Int32(int32(size)), HostedZones: []types.HostedZone{},
	}
	for i, z := range zones {
		if i == size {
			out.IsTruncated, out.NextDNSName, out.NextHostedZoneId = true, aws.String(z.name), aws.String(z.id)
			break
		}
		out.HostedZones = append(out.HostedZones, *z.describe())
	}
	return out, nil
}
