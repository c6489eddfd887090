package route53

import (
	"fmt"
	"slices"
)

// Infrastructure is the domain of the name servers' own names. No hosted zone can be made in it.
const Infrastructure = "dns.sandbox.test."

// delegationSets is how many sets of four name servers there are. Zones that are equal or one above the other must not share
// one, as on AWS; all others do.
const delegationSets = 4

// ServerName is the name of a name server, counted from 0 over all delegation sets: "ns-1.dns.sandbox.test.".
func ServerName(server int) string { return fmt.Sprintf("ns-%d.%s", server+1, Infrastructure) }

// ServerNames are the names of all name servers that there are, in use or not.
func (s *Service) ServerNames() []string {
	var names []string
	for i := range delegationSets * NameServers {
		names = append(names, ServerName(i))
	}
	return names
}

// freeServers finds the first name server of a set that no related public zone uses.
func (s *Service) freeServers(name string) (int, bool) {
	for server := 0; server < delegationSets*NameServers; server += NameServers {
		taken := slices.ContainsFunc(s.served, func(z *zone) bool {
			return !z.private && z.servers == server && (within(name, z.name) || within(z.name, name))
		})
		if !taken {
			return server, true
		}
	}
	return 0, false
}

// Delegation finds the public zone that the parents have delegated around a name, and the numbers of its name servers. The
// parents know the oldest zone of a name, and no zone inside of another: such a zone is reached if the outer one has NS
// records for it.
func (s *Service) Delegation(dnsName string) (zoneName string, servers []int, ok bool) {
	name := nameFromDNS(dnsName)
	var found *zone
	for _, z := range s.served {
		if z.private || z.deleted || !within(name, z.name) {
			continue
		}
		if found == nil || (found.name != z.name && within(found.name, z.name)) {
			found = z
		}
	}
	if found == nil {
		return "", nil, false
	}
	for i := range NameServers {
		servers = append(servers, found.servers+i)
	}
	return nameToDNS(found.name), servers, true
}

// IsParent says whether a delegated zone lies below the name.
func (s *Service) IsParent(dnsName string) bool {
	name := nameFromDNS(dnsName)
	return slices.ContainsFunc(s.served, func(z *zone) bool {
		return !z.private && !z.deleted && z.name != name && within(z.name, name)
	})
}
