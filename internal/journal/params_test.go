package journal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/step"
)

const folder = "/bluegreen/shop/deployments/" + run

func TestNamesOfParameters(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		mustAppend(t, InParams(c.client, app), record(3, 0, "x"), record(3, 12, strings.Repeat("x", 9000)))
		found, err := c.client.List(t.Context(), "/bluegreen")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range found {
			got = append(got, fmt.Sprintf("%s v%d", p.Name, p.Version))
			if len(p.Value) > 4096 {
				t.Errorf("%s has %d bytes", p.Name, len(p.Value))
			}
		}
		slices.Sort(got)
		want := []string{folder + "/000003/000000 v1", folder + "/000003/000012 v1", folder + "/000003/000012.2 v1", folder + "/000003/000012.3 v1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// A record that a dead process has left without one of its parts is as if it had not been begun.
func TestTornRecords(t *testing.T) {
	long := strings.Repeat("€", 4000)
	for lost := 1; lost <= 3; lost++ {
		for _, before := range []string{"", "short", long} {
			t.Run(fmt.Sprintf("part %d after %.8q", lost, before), func(t *testing.T) {
				inCloud(t, func(t *testing.T, c *cloud) {
					s := InParams(c.client, app)
					if before != "" {
						mustAppend(t, s, record(2, 0, before))
					}
					mustAppend(t, s, record(2, 1, long))
					name := folder + "/000002/000001"
					if lost > 1 {
						name += fmt.Sprintf(".%d", lost)
					}
					if err := c.client.Delete(t.Context(), name); err != nil {
						t.Fatal(err)
					}
					if before != "" {
						mustBeLatest(t, s, record(2, 0, before))
						return
					}
					if _, err := s.Latest(t.Context(), run); !errors.Is(err, step.ErrNoRun) {
						t.Errorf("got %v", err)
					}
				})
			})
		}
	}
}

// What is no record of ours does not keep a run from being found.
func TestStrangeParameters(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		s := InParams(c.client, app)
		mustAppend(t, s, record(2, 1, "x"))
		for _, name := range []string{"/000009/readme", "/notes/000001", "/000009/000001.x", "/000009/000001.2", "/000009/000002"} {
			if _, err := c.client.Create(t.Context(), folder+name, "by hand"); err != nil {
				t.Fatal(err)
			}
		}
		mustBeLatest(t, s, record(2, 1, "x"))
	})
}

// A create whose reply is lost is tried again by the SDK and meets its own parameter.
func TestLostReplies(t *testing.T) {
	long := record(1, 0, strings.Repeat("x", 9000))
	for nth := 1; nth <= 3; nth++ {
		for times := 1; times <= 2; times++ {
			t.Run(fmt.Sprintf("%d from the %d. call on", times, nth), func(t *testing.T) {
				inCloud(t, func(t *testing.T, c *cloud) {
					s := InParams(c.client, app)
					c.front.Faults.Add(wire.Fault{Service: "ssm", Operation: "PutParameter", Nth: nth, Times: times, Action: wire.ActionLostReply})
					mustAppend(t, s, long)
					mustBeLatest(t, s, long)
				})
			})
		}
	}
}

// The SDK gives up some day; the caller is told that it was no answer, and whoever reads finds what came to be.
func TestStoreThatDoesNotAnswer(t *testing.T) {
	for _, c := range []struct {
		action wire.Action
		kind   error
	}{
		{wire.ActionThrottle, awserr.ErrThrottled},
		{wire.ActionCrashBefore, awserr.ErrUnreachable},
	} {
		t.Run(string(c.action), func(t *testing.T) {
			inCloud(t, func(t *testing.T, cl *cloud) {
				s := InParams(cl.client, app)
				mustAppend(t, s, record(1, 0, "x"))
				cl.front.Faults.Add(wire.Fault{Service: "ssm", Action: c.action})
				err := s.Append(t.Context(), record(1, 1, "x"))
				if !errors.Is(err, c.kind) || !awserr.Transient(err) || errors.Is(err, ErrTaken) {
					t.Errorf("append: %v", err)
				}
				if _, err := s.Latest(t.Context(), run); !errors.Is(err, c.kind) || errors.Is(err, step.ErrNoRun) {
					t.Errorf("latest: %v", err)
				}
				cl.front.Faults.Clear()
				mustBeLatest(t, s, record(1, 0, "x"))
			})
		})
	}
}

// A deployment writes its intents as fast as it can; the default quota of three writes a second only slows it down.
func TestDefaultQuota(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		s := InParams(c.client, app)
		for seq := range 60 {
			mustAppend(t, s, record(1, seq, strings.Repeat("x", 5000)))
		}
		mustBeLatest(t, s, record(1, 59, strings.Repeat("x", 5000)))
	})
}
