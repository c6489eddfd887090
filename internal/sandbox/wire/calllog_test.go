package wire_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

func TestCallLog(t *testing.T) {
	fail := false
	front := answering(func() error {
		if fail {
			return wire.Errorf("Boom", "no")
		}
		return nil
	})
	var observed []wire.Call
	stop := front.Calls.Observe(func(c wire.Call) { observed = append(observed, c) })
	config := once(inMemory(front))
	_ = getHostedZone(t.Context(), config)
	fail = true
	_ = getParameter(t.Context(), config)
	front.Faults.Add(wire.Fault{Action: wire.ActionThrottle})
	_ = describeVpcs(t.Context(), config)
	stop()
	form("ec2", "Action", "DescribeAddresses", "Version", "2016-11-15").send(front)

	calls := front.Calls.Since(0)
	if d := diff(calls[:3], observed); d != "" {
		t.Errorf("observed other than logged:\n%s", d)
	}
	ids := map[string]bool{}
	for i := range calls {
		if calls[i].Time.IsZero() || calls[i].Duration < 0 {
			t.Errorf("call %d: at %v for %v", i, calls[i].Time, calls[i].Duration)
		}
		ids[calls[i].RequestID] = true
		calls[i].Time, calls[i].Duration, calls[i].RequestID = time.Time{}, 0, ""
	}
	if len(ids) != 4 {
		t.Errorf("%d request ids for 4 calls", len(ids))
	}
	want := []wire.Call{
		{Seq: 1, Service: "route53", Operation: "GetHostedZone", Input: &route53.GetHostedZoneInput{Id: aws.String("Z1")}},
		{Seq: 2, Service: "ssm", Operation: "GetParameter", Input: calls[1].Input, Code: "Boom"},
		{Seq: 3, Service: "ec2", Operation: "DescribeVpcs", Input: &ec2.DescribeVpcsInput{}, Code: "RequestLimitExceeded", Fault: wire.ActionThrottle},
		{Seq: 4, Service: "ec2", Operation: "DescribeAddresses", Code: "InvalidAction"},
	}
	if d := diff(want, calls); d != "" {
		t.Error(d)
	}
	if d := diff(want[2:], clean(front.Calls.Since(2))); d != "" {
		t.Errorf("since 2:\n%s", d)
	}
}

func clean(calls []wire.Call) []wire.Call {
	for i := range calls {
		calls[i].Time, calls[i].Duration, calls[i].RequestID = time.Time{}, 0, ""
	}
	return calls
}

// The log keeps what came, whatever the operation makes of its input.
func TestCallLogKeepsItsOwnInput(t *testing.T) {
	s := route53Service
	s.Operations = []wire.Operation{
		wire.Op("GetChange", func(_ context.Context, in *route53.GetChangeInput) (*route53.GetChangeOutput, error) {
			*in.Id = "changed"
			return &route53.GetChangeOutput{}, nil
		}),
	}
	front := wire.NewFront(&sync.Mutex{}, s)
	raw{service: "route53", method: "GET", path: "/2013-04-01/change/C1"}.send(front)
	if d := diff(&route53.GetChangeInput{Id: aws.String("C1")}, front.Calls.Since(0)[0].Input); d != "" {
		t.Error(d)
	}
}

func TestCallLogIsBounded(t *testing.T) {
	front := answering(func() error { return nil })
	for range 5000 {
		raw{service: "route53", method: "GET", path: "/2013-04-01/hostedzone/Z1"}.send(front)
	}
	calls := front.Calls.Since(0)
	if n := len(calls); n != 4096 || calls[0].Seq != 5000-4096+1 || calls[n-1].Seq != 5000 || front.Calls.Count() != 5000 {
		t.Errorf("%d calls, from %d to %d, of %d", n, calls[0].Seq, calls[n-1].Seq, front.Calls.Count())
	}
	if since := front.Calls.Since(4999); len(since) != 1 || since[0].Seq != 5000 {
		t.Errorf("since 4999: %d calls", len(since))
	}
}
