package route53

import "slices"

// choose picks the record that answers: by weight among the healthy ones with a weight; if there are none, among the healthy
// ones without; and if nothing is healthy, as if everything were.
func (l *lookup) choose(records []*record) *record {
	if len(records) == 1 {
		return records[0]
	}
	candidates := filter(records, func(r *record) bool { return l.healthy(r, 0) })
	if len(candidates) == 0 {
		candidates = records
	}
	if heavy := filter(candidates, func(r *record) bool { return *r.set.Weight > 0 }); len(heavy) > 0 {
		return l.byWeight(heavy)
	}
	return candidates[l.service.account.IntN(len(candidates))]
}

func (l *lookup) byWeight(records []*record) *record {
	sum := 0
	for _, r := range records {
		sum += int(*r.set.Weight)
	}
	ticket := l.service.account.IntN(sum)
	at := 0
	for ticket >= int(*records[at].set.Weight) {
		ticket -= int(*records[at].set.Weight)
		at++
	}
	return records[at]
}

// healthy is a record's health. A record is unhealthy when its health check is, and an alias with EvaluateTargetHealth also
// when its load balancer is or every record that it points at.
func (l *lookup) healthy(r *record, depth int) bool {
	if id := r.set.HealthCheckId; id != nil && !l.service.checks[*id].healthy() {
		return false
	}
	target := r.set.AliasTarget
	if target == nil || !target.EvaluateTargetHealth || depth > maxChain {
		return true
	}
	if bareID(*target.HostedZoneId) == l.zone.id {
		return slices.ContainsFunc(l.records.groups[group{*target.DNSName, r.set.Type}], func(r *record) bool {
			return l.healthy(r, depth+1)
		})
	}
	balancer, ok := l.service.options.ResolveAlias(balancerName(*target.DNSName))
	return ok && balancer.Healthy
}

func filter(records []*record, keep func(*record) bool) []*record {
	return slices.DeleteFunc(slices.Clone(records), func(r *record) bool { return !keep(r) })
}
