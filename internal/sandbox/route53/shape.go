package route53

import (
	"fmt"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Limits on the members of a record set.
const (
	maxWeight     = 255
	maxIdentifier = 128
	maxValue      = 4000
)

// checkShape refuses what is no batch whatever the zone holds. The first fault is the answer.
func checkShape(batch *types.ChangeBatch) error {
	if batch == nil || len(batch.Changes) == 0 {
		return invalidInput("Invalid request: A change batch must contain at least one change")
	}
	for _, c := range batch.Changes {
		if !slices.Contains(c.Action.Values(), c.Action) {
			return invalidInput("Invalid request: '%s' is not a valid Action", c.Action)
		}
		if c.ResourceRecordSet == nil || aws.ToString(c.ResourceRecordSet.Name) == "" {
			return invalidInput("Invalid request: Missing field 'Name' in Change with [Action=%s]", c.Action)
		}
		if !slices.Contains(c.ResourceRecordSet.Type.Values(), c.ResourceRecordSet.Type) {
			return invalidInput("Invalid request: '%s' is not a valid Type", c.ResourceRecordSet.Type)
		}
		if err := checkTarget(c); err != nil {
			return err
		}
		if err := checkRouting(c); err != nil {
			return err
		}
		if err := checkRanges(c); err != nil {
			return err
		}
	}
	return nil
}

// where names a change as the service's InvalidInput messages do.
func where(c types.Change) string {
	identifier := "null"
	if c.ResourceRecordSet.SetIdentifier != nil {
		identifier = *c.ResourceRecordSet.SetIdentifier
	}
	return fmt.Sprintf("Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]",
		c.Action, *c.ResourceRecordSet.Name, c.ResourceRecordSet.Type, identifier)
}

// checkTarget wants either an alias or values with a TTL.
func checkTarget(c types.Change) error {
	const alternatives = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
	set := c.ResourceRecordSet
	values, some := set.TTL != nil && len(set.ResourceRecords) > 0, set.TTL != nil || len(set.ResourceRecords) > 0
	if set.TrafficPolicyInstanceId != nil {
		return invalidInput("Invalid request: this account has no traffic policy instance for %s", where(c))
	}
	if set.AliasTarget != nil && some {
		return invalidInput("Invalid request: Expected exactly one of %s, but found more than one in %s", alternatives, where(c))
	}
	if a := set.AliasTarget; a != nil && (aws.ToString(a.DNSName) == "" || aws.ToString(a.HostedZoneId) == "") {
		return invalidInput("Invalid request: AliasTarget must have a DNSName and a HostedZoneId in %s", where(c))
	}
	if set.AliasTarget == nil && !values {
		return invalidInput("Invalid request: Expected exactly one of %s, but found none in %s", alternatives, where(c))
	}
	return nil
}

// checkRouting wants a set identifier and a routing policy, or neither.
func checkRouting(c types.Change) error {
	const policies = "[Weight, Region, Failover, GeoLocation, or MultiValueAnswer]"
	set := c.ResourceRecordSet
	others := set.Region != "" || set.Failover != "" || set.GeoLocation != nil || set.GeoProximityLocation != nil ||
		set.CidrRoutingConfig != nil || set.MultiValueAnswer != nil
	switch {
	case (set.Weight != nil || others) && set.SetIdentifier == nil:
		return invalidInput("Invalid request: Missing field 'SetIdentifier' in %s", where(c))
	case set.SetIdentifier != nil && set.Weight == nil && !others:
		return invalidInput("Invalid request: Expected exactly one of %s, but found none in %s", policies, where(c))
	case set.Weight != nil && others:
		return invalidInput("Invalid request: Expected exactly one of %s, but found more than one in %s", policies, where(c))
	case others:
		return invalidInput("This sandbox knows simple and weighted records only, not the routing policy in %s", where(c))
	}
	return nil
}

func checkRanges(c types.Change) error {
	set := c.ResourceRecordSet
	if set.Weight != nil && (*set.Weight < 0 || *set.Weight > maxWeight) {
		return invalidInput("Invalid request: Weight must be between 0 and %d, but is %d in %s", maxWeight, *set.Weight, where(c))
	}
	if set.TTL != nil && (*set.TTL < 0 || *set.TTL > math.MaxInt32) {
		return invalidInput("Invalid request: TTL must be between 0 and %d, but is %d in %s", math.MaxInt32, *set.TTL, where(c))
	}
	if id := set.SetIdentifier; id != nil && (*id == "" || len(*id) > maxIdentifier) {
		return invalidInput("Invalid request: SetIdentifier must have 1 to %d characters in %s", maxIdentifier, where(c))
	}
	for _, v := range set.ResourceRecords {
		if len(aws.ToString(v.Value)) > maxValue {
			return invalidInput("Invalid request: Value must have at most %d characters in %s", maxValue, where(c))
		}
	}
	return nil
}
