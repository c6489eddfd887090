package route53

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"
)

// group is the name and type that weighted records share. A simple record is alone in its group.
type group struct {
	name string
	kind types.RRType
}

// record is one resource record set. It never changes once it is in a table.
type record struct {
	set   types.ResourceRecordSet // normalised, as it is listed
	order string                  // nameOrder of its name
	data  []dns.RR                // what name servers send; nil for an alias
}

// newRecord normalises a record set and reads its values. The problems it finds are the messages of an InvalidChangeBatch.
func newRecord(set types.ResourceRecordSet) (*record, error) {
	name, err := parseName(aws.ToString(set.Name))
	if err != nil {
		return nil, err
	}
	set.Name, set.SetIdentifier = &name, copied(set.SetIdentifier)
	set.TTL, set.Weight, set.HealthCheckId = copied(set.TTL), copied(set.Weight), copied(set.HealthCheckId)
	r := &record{order: nameOrder(name)}
	if set.AliasTarget != nil {
		target, err := parseName(aws.ToString(set.AliasTarget.DNSName))
		if err != nil {
			return nil, err
		}
		set.AliasTarget = &types.AliasTarget{
			DNSName:              &target,
			HostedZoneId:         set.AliasTarget.HostedZoneId,
			EvaluateTargetHealth: set.AliasTarget.EvaluateTargetHealth,
		}
		set.ResourceRecords = nil
	} else {
		set.ResourceRecords = slices.Clone(set.ResourceRecords)
		if r.data, err = parseValues(set); err != nil {
			return nil, err
		}
	}
	r.set = set
	return r, nil
}

func parseValues(set types.ResourceRecordSet) ([]dns.RR, error) {
	var data []dns.RR
	seen := map[string]bool{}
	for _, v := range set.ResourceRecords {
		value := aws.ToString(v.Value)
		rr, err := parseValue(set.Type, value)
		if err != nil {
			return nil, faultf("Invalid Resource Record: '%s'", err)
		}
		if seen[content(rr)] {
			return nil, faultf("Duplicate Resource Record: '%s'", value)
		}
		seen[content(rr)] = true
		data = append(data, rr)
	}
	return data, nil
}

func (r *record) name() string   { return *r.set.Name }
func (r *record) id() string     { return aws.ToString(r.set.SetIdentifier) }
func (r *record) weighted() bool { return r.set.Weight != nil }
func (r *record) group() group   { return group{r.name(), r.set.Type} }

// String names the record set as Route 53's messages do.
func (r *record) String() string {
	if r.set.SetIdentifier == nil {
		return fmt.Sprintf("[name='%s', type='%s']", r.name(), r.set.Type)
	}
	return fmt.Sprintf("[name='%s', type='%s', set-identifier='%s']", r.name(), r.set.Type, r.id())
}

// compare orders records as ListResourceRecordSets lists them.
func compare(a, b *record) int {
	if c := strings.Compare(a.order, b.order); c != 0 {
		return c
	}
	if c := strings.Compare(string(a.set.Type), string(b.set.Type)); c != 0 {
		return c
	}
	return strings.Compare(a.id(), b.id())
}

// sameValues says whether two records of one name, type and identifier agree in everything else, which DELETE demands. The
// order of values means nothing in DNS.
func sameValues(a, b *record) bool {
	return equal(a.set.Weight, b.set.Weight) && equal(a.set.TTL, b.set.TTL) && equal(a.set.HealthCheckId, b.set.HealthCheckId) &&
		sameAlias(a.set.AliasTarget, b.set.AliasTarget) && slices.Equal(contents(a.data), contents(b.data))
}

func sameAlias(a, b *types.AliasTarget) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a.DNSName == *b.DNSName && a.EvaluateTargetHealth == b.EvaluateTargetHealth &&
		bareID(aws.ToString(a.HostedZoneId)) == bareID(aws.ToString(b.HostedZoneId))
}

// copied keeps what a caller does to its input later out of the zone.
func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// bareID takes the prefix from "/hostedzone/Z…" and "/change/C…".
func bareID(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }
