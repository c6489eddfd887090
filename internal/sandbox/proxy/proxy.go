// Package proxy is the data plane of the sandbox's application load balancers: servers that speak HTTP and HTTPS on a load
// balancer's addresses, match rules, and pass each request to one target.
//
// It holds no state of the account. Which target gets a request is asked of a Pool, and what became of it is told to the
// Pool. A request is sent to a target at most once: connections to targets are never reused, so there is nothing that could
// be replayed, and a target that is lost is a 502 or a 504 as on AWS.
package proxy

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// Pool hands out the targets of one load balancer. The account must not be locked when it is called.
type Pool interface {
	// Acquire chooses one of the groups by weight, and a target in it. With no target to send to, the lease names the
	// group at best and its Addr is not valid. Each lease is ended by Finish.
	Acquire(ctx context.Context, groups []WeightedGroup) *Lease
	// Finish takes the lease back and counts the request.
	Finish(Exchange)
	// Connected counts a client connection.
	Connected()
}

// WeightedGroup is a target group in a forward action.
type WeightedGroup struct {
	ID     string // the group's ARN
	Weight int    // 0 to 999
}

// Lease is the right to send one request to one target.
type Lease struct {
	// Context is that of the request. The pool cancels it, with ErrDeregistered as the cause, to cut the request off.
	Context  context.Context
	Group    string // ARN of the target group; empty when all weights are zero
	Instance string // the target's id: an instance's, or an address
	Addr     netip.AddrPort
	TLS      bool // speak HTTPS to the target
}

// Exchange is a request and what became of it.
type Exchange struct {
	Lease        *Lease // nil for redirects and fixed responses
	Start        time.Time
	Duration     time.Duration
	Status       int           // what the client was told
	TargetStatus int           // what the target answered; 0 when it did not
	TargetTime   time.Duration // from sending the request to the headers of the answer
	ConnectError bool          // no connection to the target came about
	Cut          bool          // the answer began and was not completed
}

// ErrDeregistered is why a pool cuts a request off: the deregistration delay of its target is over.
var ErrDeregistered = errors.New("the target was deregistered and its delay is over")
