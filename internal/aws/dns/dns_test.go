package dns

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/sandbox/wire"
)

func TestZones(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		public, private := c.zone("example.com", ""), c.zone("example.com", "vpc-1")
		for i := range 120 { // the list goes on with the zones that follow
			c.zone(fmt.Sprintf("example%03d.com", i), "")
		}
		got, err := c.client.Zones(t.Context(), "Example.com")
		if err != nil {
			t.Fatal(err)
		}
		byID := map[string]Zone{}
		for _, z := range got {
			byID[z.ID] = z
		}
		want := map[string]Zone{public: {public, "example.com.", false}, private: {private, "example.com.", true}}
		if diff := cmp.Diff(want, byID); diff != "" {
			t.Error(diff)
		}
		if got, err := c.client.Zones(t.Context(), "exampl.com"); err != nil || len(got) > 0 {
			t.Errorf("no such zone: %v, %v", got, err)
		}
		if z, err := c.client.Zone(t.Context(), private); err != nil || z != want[private] {
			t.Errorf("got %v, %v", z, err)
		}
		_, err = c.client.Zone(t.Context(), "ZNONE")
		if !errors.Is(err, awserr.ErrNotFound) || text(err) != "read hosted zone ZNONE: No hosted zone found with ID: ZNONE (NoSuchHostedZone)" {
			t.Errorf("got %v", err)
		}
	})
}

// More zones of one name than a page holds: the name and the id of the next one lead to the rest.
func TestZonesOfOneNameOverPages(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		for i := range 130 {
			c.zone("example.com", fmt.Sprintf("vpc-%d", i))
		}
		got, err := c.client.Zones(t.Context(), "example.com.")
		ids := map[string]bool{}
		for _, z := range got {
			ids[z.ID] = z.Private
		}
		if err != nil || len(got) != 130 || len(ids) != 130 {
			t.Errorf("%d zones, %d of them different, %v", len(got), len(ids), err)
		}
	})
}

// What is listed can be deleted as it was listed, and created again as it was.
func TestRecordsComeBackAsTheyWent(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		zone := c.zone("example.com", "")
		check, err := c.sdk.CreateHealthCheck(t.Context(), &sdk.CreateHealthCheckInput{
			CallerReference:   aws.String("1"),
			HealthCheckConfig: &types.HealthCheckConfig{Type: types.HealthCheckTypeTcp, IPAddress: aws.String("192.0.2.1"), Port: aws.Int32(80)},
		})
		if err != nil {
			t.Fatal(err)
		}
		records := []Record{
			{Name: `\052.example.com.`, Type: "A", TTL: 300, Values: []string{"192.0.2.1", "192.0.2.2"}},
			weighted("app.example.com.", "A", "blue", 255),
			weighted("app.example.com.", "A", "green", 0),
			{Name: "c.example.com.", Type: "CNAME", SetID: "blue", Policy: Weighted, Weight: 1, TTL: 60, Values: []string{"x.example.org."}},
			{Name: "h.example.com.", Type: "A", SetID: "blue", Policy: Weighted, Weight: 7, TTL: 0, Values: []string{"192.0.2.3"}, Health: *check.HealthCheck.Id},
			{Name: "s.example.com.", Type: "HTTPS", SetID: "blue", Policy: Weighted, Weight: 7, TTL: 60, Values: []string{`1 . alpn="h2"`}},
			{Name: "t.example.com.", Type: "TXT", TTL: 60, Values: []string{`"a b" "c"`}},
		}
		c.create(zone, records...)
		for range 2 {
			var names []string
			for _, r := range records {
				names = append(names, r.Name)
			}
			got, err := c.client.List(t.Context(), zone, names...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(records, got); diff != "" {
				t.Fatal(diff)
			}
			var again []Change
			for _, r := range got {
				again = append(again, Change{Delete, r}, Change{Create, r})
			}
			if _, err := c.client.Apply(t.Context(), zone, again, "again"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestApply(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		zone := c.zone("example.com", "")
		id, err := c.client.Apply(t.Context(), zone, []Change{{Create, simple("a.example.com.", "x")}}, "first")
		if err != nil {
			t.Fatal(err)
		}
		if synced, err := c.client.Synced(t.Context(), id); synced || err != nil {
			t.Errorf("at once: %v, %v", synced, err)
		}
		// The zone is busy with the batch before; the SDK tries again.
		if _, err := c.client.Apply(t.Context(), zone, []Change{{Create, simple("b.example.com.", "x")}}, "second"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if synced, err := c.client.Synced(t.Context(), id); !synced || err != nil {
			t.Errorf("later: %v, %v", synced, err)
		}
		if _, err := c.client.Synced(t.Context(), "CNONE"); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("no such change: %v", err)
		}
	})
}

func TestApplyThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		change   Change
		fault    wire.Fault
		want     string
		kind     error
		conflict bool
	}{
		"exists": {
			Change{Create, simple("a.example.com.", "x")}, wire.Fault{},
			"Route 53 refused the batch: Tried to create resource record set [name='a.example.com.', type='TXT'] but it already exists",
			nil, true,
		},
		"differs": {
			Change{Delete, simple("a.example.com.", "y")}, wire.Fault{},
			"Route 53 refused the batch: Tried to delete resource record set [name='a.example.com.', type='TXT'] but the values provided do not match the current values",
			nil, true,
		},
		"a lost reply comes back as a conflict": {
			Change{Create, simple("b.example.com.", "x")}, wire.Fault{Nth: 1, Action: wire.ActionLostReply},
			"Route 53 refused the batch: Tried to create resource record set [name='b.example.com.', type='TXT'] but it already exists",
			nil, true,
		},
		"throttled for good": {
			Change{Create, simple("b.example.com.", "x")}, wire.Fault{Action: wire.ActionThrottle},
			"change the records of zone ZONE: Rate exceeded (Throttling)", awserr.ErrThrottled, false,
		},
		"busy for good": {
			Change{Create, simple("b.example.com.", "x")}, wire.Fault{Action: wire.ActionError, Code: "PriorRequestNotComplete", Message: "busy"},
			"change the records of zone ZONE: busy (PriorRequestNotComplete)", awserr.ErrThrottled, false,
		},
		"not allowed": {
			Change{Create, simple("b.example.com.", "x")}, wire.Fault{Action: wire.ActionError, Code: "AccessDenied", Message: "no", Status: 403},
			"change the records of zone ZONE: no (AccessDenied)", awserr.ErrDenied, false,
		},
		"an error inside of Route 53": {
			Change{Create, simple("b.example.com.", "x")}, wire.Fault{Action: wire.ActionError, Code: "InternalFailure", Message: "oops", Status: 500},
			"change the records of zone ZONE: oops (InternalFailure)", awserr.ErrUnreachable, false,
		},
		"no answer": {
			Change{Create, simple("b.example.com.", "x")}, wire.Fault{Action: wire.ActionCrashBefore},
			`change the records of zone ZONE: Post "http://sandbox/2013-04-01/hostedzone/ZONE/rrset": the connection was cut: unexpected EOF`,
			awserr.ErrUnreachable, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCloud(t, func(t *testing.T, cl *cloud) {
				zone := cl.zone("example.com", "")
				cl.create(zone, simple("a.example.com.", "x"))
				time.Sleep(time.Minute)
				if c.fault.Action != "" {
					c.fault.Operation = "ChangeResourceRecordSets"
					cl.front.Faults.Add(c.fault)
				}
				_, err := cl.client.Apply(t.Context(), zone, []Change{c.change}, "test")
				if got := strings.ReplaceAll(text(err), zone, "ZONE"); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				var conflict *ConflictError
				if got := errors.As(err, &conflict); got != c.conflict {
					t.Errorf("a conflict: %v", got)
				}
				if c.kind != nil && !errors.Is(err, c.kind) {
					t.Errorf("not %v", c.kind)
				}
			})
		})
	}
}
