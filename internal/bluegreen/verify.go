package bluegreen

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/resolve"
)

// propagation is what is known of the way of one batch to the name servers.
type propagation struct {
	synced  bool
	servers []resolve.Server
	fence   string // what they have to answer
	seen    map[string]bool
	lost    map[string]error // servers that could not be reached; not a failure
	ttl     time.Duration    // the longest that was answered
	since   time.Time        // when the last server turned
}

// verify waits until a batch is true for every client that asks: Route 53 says INSYNC, each delegated name server answers
// the new fence, and what they answered before has run out of caches. Every poll also looks for changes by others, and at the colour
// that has just got traffic.
func (r *run) verify(ctx context.Context, s *State) error {
	p := &propagation{
		fence: strings.Trim(s.fence().Value(), `"`), seen: map[string]bool{}, lost: map[string]error{},
		ttl: defaultTTL, since: time.Now(),
	}
	return r.until(ctx, "verify", "the name servers", r.Config.Limits.Propagation.Span(), func(ctx context.Context) (bool, string, error) {
		if err := r.check(ctx, s); err != nil {
			return false, "", err
		}
		if err := r.meanwhile(ctx, s); err != nil {
			return false, "", err
		}
		if !p.synced {
			synced, err := r.Cloud.DNS.Synced(ctx, s.ChangeID)
			if err != nil {
				return false, "", err
			}
			if p.synced = synced; synced {
				p.since = time.Now()
			}
		}
		r.askServers(ctx, p)
		return p.over(), p.String(), nil
	})
}

// defaultTTL is that of an alias to a load balancer, where no server answered one.
const defaultTTL = 60 * time.Second

// askServers asks each name server that has not shown the new fence yet.
func (r *run) askServers(ctx context.Context, p *propagation) {
	if p.servers == nil {
		servers, err := r.nameServers(ctx)
		if err != nil {
			p.lost["the delegation"] = err
			return
		}
		delete(p.lost, "the delegation")
		p.servers = servers
		p.ttl = r.answeredTTL(ctx, servers)
	}
	for _, server := range p.servers {
		if p.seen[server.Name] {
			continue
		}
		answer, err := r.Resolver.Ask(ctx, server, r.zone.App.Fence, "TXT")
		if err != nil {
			p.lost[server.Name] = err
			continue
		}
		delete(p.lost, server.Name)
		if len(answer.Values) == 1 && answer.Values[0] == p.fence {
			p.seen[server.Name] = true
			p.since = time.Now()
		}
	}
}

// answeredTTL is how long caches may keep what the servers answer for the app's names: the longest of them.
func (r *run) answeredTTL(ctx context.Context, servers []resolve.Server) time.Duration {
	longest := time.Duration(0)
	for _, name := range r.zone.App.Names {
		for _, rrtype := range []string{"A", "AAAA"} {
			for _, server := range servers {
				answer, err := r.Resolver.Ask(ctx, server, name, rrtype)
				if err != nil {
					continue
				}
				longest = max(longest, answer.TTL)
				break // records of one name and type have one TTL
			}
		}
	}
	if longest == 0 {
		return defaultTTL
	}
	return longest
}

// over says that no client can be sent to the old set any more. A server that cannot be reached is no failure: INSYNC
// stands for it.
func (p *propagation) over() bool {
	if !p.synced || time.Since(p.since) < p.ttl {
		return false
	}
	for _, server := range p.servers {
		if !p.seen[server.Name] && p.lost[server.Name] == nil {
			return false
		}
	}
	return true
}

func (p *propagation) String() string {
	if !p.synced {
		return fmt.Sprintf("Route 53 says PENDING, %d of %d name servers have it", len(p.seen), len(p.servers))
	}
	status := fmt.Sprintf("INSYNC, %d of %d name servers have it", len(p.seen), len(p.servers))
	if len(p.lost) > 0 {
		status += fmt.Sprintf(", %d cannot be reached", len(p.lost))
	}
	if left := p.ttl - time.Since(p.since); left > 0 && len(p.seen)+len(p.lost) >= len(p.servers) {
		status += fmt.Sprintf(", caches run out in %s", left.Round(time.Second))
	}
	return status
}
