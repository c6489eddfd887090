package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// link is a part of the longest chain of calls of a clone of which each needs the answer of the one before, or must not be
// made before it is known that the one before went well.
type link struct {
	what  string
	calls []string
}

// cloneChain is that chain for the stack of the sandbox. Everything else a clone calls goes beside it.
var cloneChain = []link{
	{"read the live stack", []string{"DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth"}},
	{"read what a clone has to have", []string{"DescribeLoadBalancers", "DescribeListeners", "DescribeRules", "DescribeTags"}},
	{"see that the names are free", []string{"DescribeTargetGroups"}},
	{"see that nobody else is at work", []string{"GetParameter"}},
	{"take the lease", []string{"PutParameter"}},
	{"journal that the fence is taken, take it", []string{"PutParameter", "ChangeResourceRecordSets"}},
	{"journal that there is nothing to wait for", []string{"PutParameter"}},
	{"journal that the stack is made", []string{"PutParameter"}},
	{"read the live stack again: it may have changed since the plan", []string{"DescribeLoadBalancers", "DescribeListeners", "DescribeRules", "DescribeTags"}},
	{"make what a policy needs that follows the requests, and that policy", []string{"CreateLoadBalancer", "CreateListener", "CreateRule", "PutScalingPolicy"}},
	{"journal the wait for the load balancer, see it active", []string{"PutParameter", "DescribeLoadBalancers"}},
	{"journal the comparison, describe both stacks", []string{"PutParameter", "DescribeLoadBalancers", "DescribeListeners", "DescribeRules", "DescribeTags"}},
	{"journal the end, check the fence, write it", []string{"PutParameter", "ListResourceRecordSets", "ChangeResourceRecordSets"}},
	{"journal that it has ended", []string{"PutParameter"}},
	{"give the lease back, if it is still ours", []string{"GetParameter", "PutParameter"}},
}

// oneByOne is a transport that makes one call at a time.
type oneByOne struct {
	mu sync.Mutex
	to http.RoundTripper
}

func (o *oneByOne) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.RoundTrip(r)
}

// BenchmarkClone measures a clone from its first look at the account to its end.
func BenchmarkClone(b *testing.B) {
	chain := 0
	for _, l := range cloneChain {
		chain += len(l.calls)
	}
	transport := func() http.RoundTripper { return &http.Transport{MaxIdleConnsPerHost: 64} }
	var walls []time.Duration
	var calls []wire.Call
	for range 3 {
		wall, made := timeClone(b, transport())
		walls, calls = append(walls, wall), made
	}
	wall := median(walls)
	sequence, sequenceCalls := timeClone(b, &oneByOne{to: transport()})
	table(fmt.Sprintf("clone at %s a call: %d calls, of which the longest chain of dependent ones has %d, journal and lease included", latency, len(calls), chain),
		[]string{"", "wall", ""},
		[]string{"side by side (median of 3)", ms(wall), verdict(wall, time.Duration(chain)*latency, allowed)},
		[]string{"the same, one call at a time", ms(sequence), fmt.Sprintf("%d calls, %.2f × side by side", len(sequenceCalls), float64(sequence)/float64(wall))},
	)
	checkChain(b, calls)
	b.ReportMetric(float64(wall)/float64(time.Duration(chain)*latency), "×chain")
	b.ReportMetric(float64(sequence)/float64(wall), "×faster")
}

func timeClone(b *testing.B, transport http.RoundTripper) (time.Duration, []wire.Call) {
	b.Helper()
	l := openLab(b, stack.Spec{BlueOnly: true, HookSeconds: 30}, instant)
	cloud, err := aws.Connect(b.Context(), aws.Options{
		Region: l.Config().Region, Endpoint: l.Sandbox.Endpoint(), Credentials: stack.Credentials(), HTTP: transport,
	})
	if err != nil {
		b.Fatal(err)
	}
	app := &bluegreen.App{Config: l.Config(), Cloud: cloud, Resolver: l.Resolver(), Owner: "the bench"}
	if err := app.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	slow(l)
	from := l.Sandbox.Front.Calls.Count()
	begun := time.Now()
	plan, err := app.PlanClone(context.Background(), bluegreen.CloneOptions{To: traffic.Green, Image: l.Made.Images["v2"]})
	if err == nil {
		err = app.Clone(context.Background(), plan)
	}
	wall := time.Since(begun)
	if err != nil {
		b.Fatal(err)
	}
	return wall, l.Sandbox.Front.Calls.Since(from)
}

// checkChain checks that a clone makes the calls of the chain, in its order.
func checkChain(b *testing.B, calls []wire.Call) {
	b.Helper()
	at := 0
	for _, l := range cloneChain {
		for _, operation := range l.calls {
			for at < len(calls) && calls[at].Operation != operation {
				at++
			}
			if at == len(calls) {
				b.Errorf("%s: a clone does not call %s there", l.what, operation)
				return
			}
			at++
		}
	}
}
