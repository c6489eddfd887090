package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

func TestWhichCallsAFaultStrikes(t *testing.T) {
	fault := func(nth, times int) wire.Fault {
		return wire.Fault{Nth: nth, Times: times, Action: wire.ActionError, Code: "Boom", Message: "by request", Status: 418}
	}
	at := func(service, operation string) wire.Fault {
		f := fault(0, 0)
		f.Service, f.Operation = service, operation
		return f
	}
	other := fault(0, 0)
	other.Code = "Other"
	const ok = ""
	for name, c := range map[string]struct {
		faults []wire.Fault
		want   []string // codes of five calls of GetHostedZone, each after a call of DescribeVpcs
	}{
		"none":                    {nil, []string{ok, ok, ok, ok, ok}},
		"every call":              {[]wire.Fault{at("route53", "GetHostedZone")}, []string{"Boom", "Boom", "Boom", "Boom", "Boom"}},
		"another service":         {[]wire.Fault{at("ec2", "")}, []string{ok, ok, ok, ok, ok}},
		"another operation":       {[]wire.Fault{at("", "GetChange")}, []string{ok, ok, ok, ok, ok}},
		"of that name":            {[]wire.Fault{at("", "GetHostedZone")}, []string{"Boom", "Boom", "Boom", "Boom", "Boom"}},
		"the fourth of all calls": {[]wire.Fault{fault(4, 0)}, []string{ok, "Boom", ok, ok, ok}},
		"the first four":          {[]wire.Fault{fault(0, 4)}, []string{"Boom", "Boom", ok, ok, ok}},
		"four from the fourth":    {[]wire.Fault{fault(4, 4)}, []string{ok, "Boom", "Boom", ok, ok}},
		"all from the fourth":     {[]wire.Fault{fault(4, -1)}, []string{ok, "Boom", "Boom", "Boom", "Boom"}},
		"the first in the list wins, the second counts on": {
			[]wire.Fault{fault(0, 4), other}, []string{"Boom", "Boom", "Other", "Other", "Other"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			front := answering(func() error { return nil })
			front.Faults.Add(c.faults...)
			config := once(inMemory(front))
			var got []string
			for range 5 {
				_ = describeVpcs(t.Context(), config)
				got = append(got, look(getHostedZone(t.Context(), config)).Code)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFaultActions(t *testing.T) {
	for name, c := range map[string]struct {
		fault            wire.Fault
		effects, crashes int32
		cut              bool
		want             seen
	}{
		"error": {
			fault: wire.Fault{Action: wire.ActionError, Code: "Boom", Message: "by request", Status: 418},
			want:  seen{"Boom", "by request", "*smithy.GenericAPIError", 418, true},
		},
		"error with a status of 400": {
			fault: wire.Fault{Action: wire.ActionError, Code: "Boom", Message: "no"},
			want:  seen{"Boom", "no", "*smithy.GenericAPIError", 400, true},
		},
		"lost reply":   {fault: wire.Fault{Action: wire.ActionLostReply}, effects: 1, cut: true},
		"crash before": {fault: wire.Fault{Action: wire.ActionCrashBefore}, crashes: 1, cut: true},
		"crash after":  {fault: wire.Fault{Action: wire.ActionCrashAfter}, effects: 1, crashes: 1, cut: true},
	} {
		for transport, connect := range map[string]func(t *testing.T, h http.Handler) aws.Config{
			"in memory": func(_ *testing.T, h http.Handler) aws.Config { return inMemory(h) },
			"by socket": func(t *testing.T, h http.Handler) aws.Config {
				server := httptest.NewServer(h)
				t.Cleanup(server.Close)
				return testConfig(server.URL, server.Client())
			},
		} {
			t.Run(name+" "+transport, func(t *testing.T) {
				var effects, crashes atomic.Int32
				front := answering(func() error { effects.Add(1); return nil })
				c.fault.Crash = func() { crashes.Add(1) }
				front.Faults.Add(c.fault)
				err := changeRecords(t.Context(), once(connect(t, front)))
				if d := cmp.Diff(c.want, look(err)); d != "" {
					t.Error(d)
				}
				if cut := errors.Is(err, io.EOF) || errors.Is(err, wire.ErrConnectionCut); cut != c.cut {
					t.Errorf("got %v, want a cut connection: %v", err, c.cut)
				}
				if effects.Load() != c.effects || crashes.Load() != c.crashes {
					t.Errorf("%d effects and %d crashes, want %d and %d", effects.Load(), crashes.Load(), c.effects, c.crashes)
				}
				front.Faults.Clear()
				if err := changeRecords(t.Context(), once(connect(t, front))); err != nil {
					t.Errorf("without faults: %v", err)
				}
			})
		}
	}
}

// The SDK takes a lost reply for a reason to try again: the call has its effect twice.
func TestLostReplyIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		effects := 0
		front := answering(func() error { effects++; return nil })
		front.Faults.Add(wire.Fault{Operation: "ChangeResourceRecordSets", Nth: 1, Action: wire.ActionLostReply})
		if err := changeRecords(t.Context(), inMemory(front)); err != nil {
			t.Fatal(err)
		}
		if effects != 2 {
			t.Errorf("%d effects, want 2", effects)
		}
	})
}

func TestSenselessFaults(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"no action":      {},
		"unknown action": {Action: "explode"},
		"no code":        {Action: wire.ActionError},
		"negative nth":   {Action: wire.ActionThrottle, Nth: -1},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			new(wire.Faults).Add(fault)
		})
	}
}

func TestLatency(t *testing.T) {
	for name, c := range map[string]struct {
		call caller
		want time.Duration
	}{
		"of the operation":       {getHostedZone, 4 * time.Second},
		"of the service":         {changeRecords, 2 * time.Second},
		"of that name":           {describeVpcs, 3 * time.Second},
		"of everything":          {callerIdentity, time.Second},
		"none for one operation": {getParameter, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				front := answering(func() error { return nil })
				front.Latency.Set("", "", time.Second)
				front.Latency.Set("route53", "", 2*time.Second)
				front.Latency.Set("", "DescribeVpcs", 3*time.Second)
				front.Latency.Set("ec2", "", time.Hour)
				front.Latency.Set("route53", "GetHostedZone", 4*time.Second)
				front.Latency.Set("ssm", "GetParameter", 0)
				start := time.Now()
				if err := c.call(t.Context(), inMemory(front)); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != c.want {
					t.Errorf("took %v, want %v", got, c.want)
				}
			})
		})
	}
}

// A client that goes away while it waits is no longer waited for, and its call has no effect.
func TestLatencyEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		effects := 0
		front := answering(func() error { effects++; return nil })
		front.Latency.Set("", "", time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := describeVpcs(ctx, inMemory(front))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		synctest.Wait()
		if calls := front.Calls.Since(0); effects != 0 || len(calls) != 1 || calls[0].Code != "RequestAborted" {
			t.Errorf("%d effects, log %+v", effects, calls)
		}
	})
}
