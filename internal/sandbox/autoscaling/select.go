package autoscaling

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// nextSubnet is where the next instance goes: into the zone with the fewest, and there into the subnet with the fewest.
// Of equals the one that is named first wins, but after failures the next ones get their turn.
func (s *Service) nextSubnet(g *group, failures int) string {
	subnets := s.launchSubnets(g)
	if failures > 0 {
		n := failures % len(subnets)
		subnets = slices.Concat(subnets[n:], subnets[:n])
	}
	inZone, inSubnet := map[string]int{}, map[string]int{}
	for _, m := range g.capacity() {
		inZone[aws.ToString(m.AvailabilityZone)]++
		inSubnet[m.subnet]++
	}
	if failures > 0 {
		return subnets[0]
	}
	return slices.MinFunc(subnets, func(a, b string) int {
		_, zoneA, _ := s.Compute.Subnet(a)
		_, zoneB, _ := s.Compute.Subnet(b)
		return cmp.Or(cmp.Compare(inZone[zoneA], inZone[zoneB]), cmp.Compare(inSubnet[a], inSubnet[b]))
	})
}

// victim is the instance to take out next; nil where all are protected.
func (g *group) victim() *member {
	inZone := map[string]int{}
	var candidates []*member
	for _, m := range g.capacity() {
		inZone[aws.ToString(m.AvailabilityZone)]++
		if !aws.ToBool(m.ProtectedFromScaleIn) {
			candidates = append(candidates, m)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	return slices.MinFunc(candidates, func(a, b *member) int {
		order := -cmp.Compare(inZone[aws.ToString(a.AvailabilityZone)], inZone[aws.ToString(b.AvailabilityZone)])
		for _, policy := range g.TerminationPolicies {
			order = cmp.Or(order, g.compareBy(policy, a, b))
		}
		return cmp.Or(order, cmp.Compare(a.seq, b.seq))
	})
}

// compareBy puts first what a termination policy takes out first.
func (g *group) compareBy(policy string, a, b *member) int {
	switch policy {
	case "OldestInstance", "ClosestToNextInstanceHour":
		return cmp.Compare(a.seq, b.seq)
	case "NewestInstance":
		return -cmp.Compare(a.seq, b.seq)
	case "Default", "OldestLaunchTemplate", "OldestLaunchConfiguration":
		return cmp.Compare(g.templateAge(a), g.templateAge(b))
	}
	return 0
}

// templateAge is smaller the older an instance's template is. Another template than the group's is older than any of its
// versions.
func (g *group) templateAge(m *member) int64 {
	if g.LaunchConfigurationName != nil {
		if aws.ToString(m.LaunchConfigurationName) == *g.LaunchConfigurationName {
			return 1
		}
		return 0
	}
	if m.LaunchTemplate == nil || aws.ToString(m.LaunchTemplate.LaunchTemplateId) != aws.ToString(g.templateSpec().LaunchTemplateId) {
		return 0
	}
	version, _ := strconv.ParseInt(aws.ToString(m.LaunchTemplate.Version), 10, 64) // asSpec wrote it
	return version
}
