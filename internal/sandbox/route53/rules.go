package route53

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Limits of a zone.
const (
	maxRecords  = 10000
	maxValues   = 400
	maxWeighted = 100
)

// checkRecord says whether a record may be created, or may overwrite stored.
func (d *draft) checkRecord(r, stored *record) error {
	if len(r.data) > maxValues {
		return faultf("Cannot have more than %d records in a RRSet.", maxValues)
	}
	for _, check := range []func(*record) error{d.checkKind, checkWildcard, d.checkAlias} {
		if err := check(r); err != nil {
			return err
		}
	}
	if stored != nil {
		return nil
	}
	if err := d.checkPolicy(r); err != nil {
		return err
	}
	return d.checkCNAME(r)
}

// checkKind holds what is special about some types.
func (d *draft) checkKind(r *record) error {
	apex := r.name() == d.zone.name
	switch kind := r.set.Type; {
	case kind == types.RRTypeCname && apex:
		return faultf("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", r.name(), d.zone.name)
	case kind == types.RRTypeSoa && !apex:
		return faultf("RRSet of type SOA with DNS name %s is not permitted in zone %s", r.name(), d.zone.name)
	case (kind == types.RRTypeSoa || kind == types.RRTypeNs) && (r.weighted() || r.set.AliasTarget != nil):
		return faultf("RRSet of type %s with DNS name %s can only be a simple record", kind, r.name())
	case (kind == types.RRTypeCname || kind == types.RRTypeSoa || r.weighted()) && len(r.data) > 1:
		return faultf("RRSet of type %s with DNS name %s must have a single value", kind, r.name())
	}
	return nil
}

// checkWildcard wants a * to be a whole first label, and not of an NS record.
func checkWildcard(r *record) error {
	first, _, _ := strings.Cut(r.name(), ".")
	if !strings.Contains(first, wildcard) {
		return nil
	}
	if first != wildcard || r.set.Type == types.RRTypeNs {
		return &problem{"UnsupportedCharacter", "Value contains unsupported characters", r.name()}
	}
	return nil
}

// checkPolicy keeps simple and weighted records of one name and type apart.
func (d *draft) checkPolicy(r *record) error {
	siblings := d.groups[r.group()]
	switch {
	case len(siblings) == 0:
		return nil
	case !r.weighted():
		return faultf("RRSet with DNS name %s, type %s cannot be created as other RRSets exist with the same name and type.", r.name(), r.set.Type)
	case !siblings[0].weighted():
		return faultf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created as a non-weighted set exists with the same name and type.",
			r.name(), r.set.Type, r.id())
	case len(siblings) >= maxWeighted:
		return faultf("Cannot have more than %d weighted RRSets with DNS name %s, type %s.", maxWeighted, r.name(), r.set.Type)
	}
	return nil
}

// checkCNAME keeps a CNAME the only type at its name.
func (d *draft) checkCNAME(r *record) error {
	if r.set.Type != types.RRTypeCname {
		if len(d.groups[group{r.name(), types.RRTypeCname}]) > 0 {
			return faultf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone %s",
				r.set.Type, r.name(), d.zone.name)
		}
		return nil
	}
	for _, kind := range r.set.Type.Values() {
		if kind != types.RRTypeCname && len(d.groups[group{r.name(), kind}]) > 0 {
			return faultf("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s",
				r.name(), d.zone.name)
		}
	}
	return nil
}

// checkAlias wants the target to exist: a record of the same type in this zone, or a load balancer in its own zone.
func (d *draft) checkAlias(r *record) error {
	a := r.set.AliasTarget
	if a == nil {
		return nil
	}
	zoneID := bareID(aws.ToString(a.HostedZoneId))
	outside := faultf("Tried to create an alias that targets %s, type %s in zone %s, but the alias target name does not lie within the target zone",
		*a.DNSName, r.set.Type, zoneID)
	missing := faultf("Tried to create an alias that targets %s, type %s in zone %s, but that target was not found", *a.DNSName, r.set.Type, zoneID)
	if zoneID == d.zone.id {
		target := group{*a.DNSName, r.set.Type}
		switch {
		case !within(*a.DNSName, d.zone.name):
			return outside
		case target == r.group() || len(d.groups[target]) == 0:
			return missing
		}
		return nil
	}
	balancer, ok := d.service.options.ResolveAlias(balancerName(*a.DNSName))
	switch {
	case ok && balancer.ZoneID != zoneID:
		return outside
	case !ok || !slices.Contains([]types.RRType{types.RRTypeA, types.RRTypeAaaa}, r.set.Type):
		return missing
	}
	return nil
}

// balancerName is a load balancer's DNS name as ResolveAlias is given it.
func balancerName(name string) string {
	return strings.TrimPrefix(strings.TrimSuffix(name, "."), "dualstack.")
}

// checkWhole finds what is wrong with a zone after a batch whose changes are each in order.
func (d *draft) checkWhole() []string {
	var faults []string
	seen := map[group]bool{}
	for _, r := range slices.Backward(d.put) {
		if !seen[r.group()] && unequalTTLs(d.groups[r.group()]) {
			faults = append(faults, faultf("RRSet with DNS name %s and type %s, SetIdentifier %s cannot be created as weighted sets must contain the same TTL.",
				r.name(), r.set.Type, r.id()).Error())
		}
		seen[r.group()] = true
	}
	if len(d.groups[group{d.zone.name, types.RRTypeNs}]) == 0 {
		faults = append(faults, "A HostedZone must contain at least one NS record for the zone itself.")
	}
	if len(d.groups[group{d.zone.name, types.RRTypeSoa}]) == 0 {
		faults = append(faults, "A HostedZone must contain exactly one SOA record.")
	}
	count := 0
	for _, records := range d.groups {
		count += len(records)
	}
	if count > maxRecords {
		faults = append(faults, faultf("Exceeded limit MAX_RRSETS_BY_ZONE for zone: %s", d.zone.id).Error())
	}
	return faults
}

func unequalTTLs(records []*record) bool {
	var ttl *int64
	for _, r := range records {
		if r.set.TTL == nil {
			continue
		}
		if ttl != nil && *ttl != *r.set.TTL {
			return true
		}
		ttl = r.set.TTL
	}
	return false
}
