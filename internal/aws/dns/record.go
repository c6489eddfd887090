package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Record is one resource record set as Route 53 lists it: lower case, names with their trailing dot.
type Record struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`             // "A", "AAAA", "TXT" …
	SetID  string   `json:"set,omitempty"`    // the set identifier; "" for a simple record
	Weight int64    `json:"weight"`           // 0 to 255, of a weighted record
	Policy string   `json:"policy,omitempty"` // "" or "weighted"; any other routing policy by its name
	TTL    int64    `json:"ttl,omitempty"`    // seconds; 0 for an alias
	Values []string `json:"values,omitempty"` // of a record that is not an alias
	Alias  *Alias   `json:"alias,omitempty"`
	Health string   `json:"health,omitempty"` // id of a health check
}

// Weighted is the routing policy that this program moves traffic with.
const Weighted = "weighted"

// Alias is the target of an alias record.
type Alias struct {
	Name           string `json:"name"`
	ZoneID         string `json:"zone"` // the hosted zone of the target, e.g. that of a region's load balancers
	EvaluateHealth bool   `json:"health"`
}

// Equal says whether two records are the same in every value.
func (r Record) Equal(o Record) bool {
	sameAlias := r.Alias == nil && o.Alias == nil || r.Alias != nil && o.Alias != nil && *r.Alias == *o.Alias
	return r.Name == o.Name && r.Type == o.Type && r.SetID == o.SetID && r.Weight == o.Weight && r.Policy == o.Policy &&
		r.TTL == o.TTL && r.Health == o.Health && slices.Equal(r.Values, o.Values) && sameAlias
}

// Key tells a record from all others of its zone.
func (r Record) Key() string { return r.Name + " " + r.Type + " " + r.SetID }

// Target is where a record points, for people.
func (r Record) Target() string {
	if r.Alias != nil {
		return r.Alias.Name
	}
	return strings.Join(r.Values, ", ")
}

func (r Record) String() string {
	if r.Policy != Weighted {
		return fmt.Sprintf("%s %s → %s", r.Name, r.Type, r.Target())
	}
	return fmt.Sprintf("%s %s %q weight %d → %s", r.Name, r.Type, r.SetID, r.Weight, r.Target())
}

func fromSDK(s types.ResourceRecordSet) Record {
	r := Record{
		Name: aws.ToString(s.Name), Type: string(s.Type), SetID: aws.ToString(s.SetIdentifier),
		Weight: aws.ToInt64(s.Weight), TTL: aws.ToInt64(s.TTL), Health: aws.ToString(s.HealthCheckId), Policy: policy(s),
	}
	for _, v := range s.ResourceRecords {
		r.Values = append(r.Values, aws.ToString(v.Value))
	}
	if t := s.AliasTarget; t != nil {
		r.Alias = &Alias{Name: aws.ToString(t.DNSName), ZoneID: aws.ToString(t.HostedZoneId), EvaluateHealth: t.EvaluateTargetHealth}
	}
	return r
}

func policy(s types.ResourceRecordSet) string {
	switch {
	case s.TrafficPolicyInstanceId != nil:
		return "traffic policy"
	case s.Failover != "":
		return "failover"
	case s.GeoLocation != nil:
		return "geolocation"
	case s.GeoProximityLocation != nil:
		return "geoproximity"
	case s.CidrRoutingConfig != nil:
		return "IP-based"
	case s.Region != "":
		return "latency"
	case aws.ToBool(s.MultiValueAnswer):
		return "multivalue answer"
	case s.Weight != nil:
		return Weighted
	}
	return ""
}

func (r Record) toSDK() *types.ResourceRecordSet {
	s := &types.ResourceRecordSet{Name: &r.Name, Type: types.RRType(r.Type)}
	if r.Policy == Weighted {
		s.SetIdentifier, s.Weight = &r.SetID, &r.Weight
	}
	if r.Health != "" {
		s.HealthCheckId = &r.Health
	}
	if a := r.Alias; a != nil {
		s.AliasTarget = &types.AliasTarget{DNSName: &a.Name, HostedZoneId: &a.ZoneID, EvaluateTargetHealth: a.EvaluateHealth}
		return s
	}
	s.TTL = &r.TTL
	for _, v := range r.Values {
		s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return s
}
