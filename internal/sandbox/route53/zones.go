package route53

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
)

// maxZones is the default quota of an account.
const maxZones = 500

// CreateHostedZone makes a public zone, or a private one when a VPC is given.
func (s *Service) CreateHostedZone(_ context.Context, in *sdk.CreateHostedZoneInput) (*sdk.CreateHostedZoneOutput, error) {
	z, err := s.newZone(in)
	if err != nil {
		return nil, err
	}
	z.id = "Z" + strings.ToUpper(s.account.Hex(20))
	s.zones[z.id] = z
	s.served = append(s.served, z)
	info := s.publish(z, z.firstRecords(), nil)
	out := &sdk.CreateHostedZoneOutput{
		ChangeInfo:    info,
		DelegationSet: z.delegationSet(),
		HostedZone:    z.describe(),
		Location:      aws.String("https://route53.amazonaws.com/2013-04-01/hostedzone/" + z.id),
	}
	if z.private {
		out.VPC = &z.vpcs[0]
	}
	return out, nil
}

// newZone checks a request for a zone.
func (s *Service) newZone(in *sdk.CreateHostedZoneInput) (*zone, error) {
	name, err := parseName(aws.ToString(in.Name))
	if err != nil {
		return nil, wire.Errorf("InvalidDomainName", "%s", err)
	}
	if aws.ToString(in.CallerReference) == "" {
		return nil, invalidInput("Invalid request: Missing field 'CallerReference'")
	}
	if in.DelegationSetId != nil {
		return nil, wire.Errorf("NoSuchDelegationSet", "No delegation set found with ID: %s", bareID(*in.DelegationSetId))
	}
	for _, other := range s.zones {
		if other.callerReference == *in.CallerReference {
			return nil, wire.Errorf("HostedZoneAlreadyExists",
				"A hosted zone has already been created with the specified caller reference.").WithStatus(409)
		}
	}
	if len(s.zones) >= maxZones {
		return nil, wire.Errorf("TooManyHostedZones", "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER - Cannot create more hosted zones.")
	}
	z := &zone{name: name, callerReference: *in.CallerReference, tags: map[string]string{}}
	if c := in.HostedZoneConfig; c != nil {
		z.comment, z.private = c.Comment, c.PrivateZone
	}
	if in.VPC != nil || z.private {
		return z, s.makePrivate(z, in.VPC)
	}
	return z, s.makePublic(z)
}

func (s *Service) makePublic(z *zone) error {
	if z.name == parentOf(z.name) || parentOf(z.name) == "." {
		return wire.Errorf("InvalidDomainName", "%s is a top-level domain", z.name)
	}
	if within(z.name, Infrastructure) {
		return wire.Errorf("ConflictingDomainExists", "Cannot create hosted zone: %s belongs to the name servers", z.name)
	}
	servers, ok := s.freeServers(z.name)
	if !ok {
		return wire.Errorf("DelegationSetNotAvailable",
			"Cannot create hosted zone: no set of name servers is left that %s does not share with a zone of its name, above or below it", z.name)
	}
	z.servers = servers
	return nil
}

func (s *Service) makePrivate(z *zone, vpc *types.VPC) error {
	if vpc == nil {
		return invalidInput("When you're creating a private hosted zone, the VPC must be specified")
	}
	if !strings.HasPrefix(aws.ToString(vpc.VPCId), "vpc-") || vpc.VPCRegion == "" {
		return wire.Errorf("InvalidVPCId", "The VPC: %s that you provided is not found under your account.", aws.ToString(vpc.VPCId))
	}
	for _, other := range s.zones {
		if other.private && other.name == z.name && aws.ToString(other.vpcs[0].VPCId) == *vpc.VPCId {
			return wire.Errorf("ConflictingDomainExists",
				"The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", *vpc.VPCId, vpc.VPCRegion, other.id)
		}
	}
	z.private, z.vpcs = true, []types.VPC{*vpc}
	return nil
}

// GetHostedZone describes one zone.
func (s *Service) GetHostedZone(_ context.Context, in *sdk.GetHostedZoneInput) (*sdk.GetHostedZoneOutput, error) {
	z, err := s.zone(in.Id)
	if err != nil {
		return nil, err
	}
	return &sdk.GetHostedZoneOutput{HostedZone: z.describe(), DelegationSet: z.delegationSet(), VPCs: z.vpcs}, nil
}

// DeleteHostedZone deletes a zone that has no records but the ones it was born with.
func (s *Service) DeleteHostedZone(_ context.Context, in *sdk.DeleteHostedZoneInput) (*sdk.DeleteHostedZoneOutput, error) {
	z, err := s.zone(in.Id)
	if err != nil {
		return nil, err
	}
	if z.busy {
		return nil, errBusy()
	}
	for _, r := range z.records.records {
		if r.name() != z.name || (r.set.Type != types.RRTypeNs && r.set.Type != types.RRTypeSoa) {
			return nil, wire.Errorf("HostedZoneNotEmpty",
				"The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
		}
	}
	z.deleted = true
	delete(s.zones, z.id)
	return &sdk.DeleteHostedZoneOutput{ChangeInfo: s.publish(z, z.records, nil)}, nil
}
