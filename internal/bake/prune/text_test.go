package prune_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/prune"
)

func sample() prune.Plan {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return prune.Plan{
		App: "shop",
		Images: []prune.Verdict{
			{
				Image:  prune.Image{Ref: prune.Ref{Region: "eu-central-1", ID: "ami-1"}, Name: "shop-20260301-120000-0a1b2c3d", Created: at, App: "shop", Status: "verified", State: "available", Managed: true},
				Action: prune.Keep, Uses: []prune.Use{{"instance i-1 (stopped)"}},
				Reasons: []string{"in use by instance i-1 (stopped)", "the newest verified image"},
			},
			{
				Image:   prune.Image{Ref: prune.Ref{Region: "eu-central-1", ID: "ami-2"}, Name: "old", App: "shop", State: "disabled"},
				Action:  prune.Deregister,
				Reasons: []string{"nobody uses it", "disabled since 2026-01-01T00:00:00Z"},
			},
		},
		Snapshots: []prune.SnapshotVerdict{{
			Snapshot: prune.Snapshot{Ref: prune.Ref{Region: "eu-central-1", ID: "snap-1"}, Created: at, App: "shop", Image: "ami-0", State: "completed"},
			Action:   prune.Delete, Reasons: []string{"ami-0 is gone", "90 days old"},
		}},
		Skipped: []string{"usage reports: not configured"},
		Failed:  []string{"parameters in eu-central-1: denied\nby a policy"},
	}
}

func TestWrite(t *testing.T) {
	var out bytes.Buffer
	if err := sample().Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `
IMAGE  REGION        NAME                           MADE                  STATUS    ACTION      WHY
ami-1  eu-central-1  shop-20260301-120000-0a1b2c3d  2026-03-01T12:00:00Z  verified  keep        in use by instance i-1 (stopped)
                                                                                                the newest verified image
ami-2  eu-central-1  old                            -                     -         deregister  nobody uses it
                                                                                                disabled since 2026-01-01T00:00:00Z

SNAPSHOT  REGION        IMAGE  MADE                  STATUS     ACTION  WHY
snap-1    eu-central-1  ami-0  2026-03-01T12:00:00Z  completed  delete  ami-0 is gone
                                                                        90 days old

failed: parameters in eu-central-1: denied by a policy
        every image counts as in use until this can be checked
not checked: usage reports: not configured
images: 1 keep, 1 deregister; snapshots: 1 delete
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothing(t *testing.T) {
	var out bytes.Buffer
	if err := (prune.Plan{App: "shop"}).Write(&out); err != nil {
		t.Fatal(err)
	}
	line, err := prune.Plan{App: "shop"}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := "images: none\n" + `{"app":"shop","images":[],"snapshots":[]}` + "\n"
	if diff := cmp.Diff(want, out.String()+string(line)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSON(t *testing.T) {
	line, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, line, "", " "); err != nil {
		t.Fatal(err)
	}
	want := `{
 "app": "shop",
 "images": [
  {
   "image": {
    "region": "eu-central-1",
    "id": "ami-1",
    "name": "shop-20260301-120000-0a1b2c3d",
    "created": "2026-03-01T12:00:00Z",
    "app": "shop",
    "status": "verified",
    "state": "available"
   },
   "action": "keep",
   "uses": [
    {
     "by": "instance i-1 (stopped)"
    }
   ],
   "reasons": [
    "in use by instance i-1 (stopped)",
    "the newest verified image"
   ]
  },
  {
   "image": {
    "region": "eu-central-1",
    "id": "ami-2",
    "name": "old",
    "app": "shop",
    "state": "disabled"
   },
   "action": "deregister",
   "reasons": [
    "nobody uses it",
    "disabled since 2026-01-01T00:00:00Z"
   ]
  }
 ],
 "snapshots": [
  {
   "snapshot": {
    "region": "eu-central-1",
    "id": "snap-1",
    "created": "2026-03-01T12:00:00Z",
    "app": "shop",
    "image": "ami-0",
    "state": "completed"
   },
   "action": "delete",
   "reasons": [
    "ami-0 is gone",
    "90 days old"
   ]
  }
 ],
 "skipped": [
  "usage reports: not configured"
 ],
 "failed": [
  "parameters in eu-central-1: denied\nby a policy"
 ]
}
`
	if diff := cmp.Diff(want, pretty.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPlanSaysWhatWasNotChecked(t *testing.T) {
	a := crowd()
	a.noReports, a.broken = true, map[string]bool{"snapshots": true, "parameters": true}
	plan, err := a.pruner(policy, "").Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := [][]string{plan.Skipped, plan.Failed, strings.Split(errorText(plan.Err()), "\n")}
	want := [][]string{
		{"usage reports: not configured"},
		{"parameters: AccessDenied", "list snapshots without an image: AccessDenied"},
		{"check parameters: AccessDenied", "list snapshots without an image: AccessDenied"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		policy prune.Policy
		err    string
	}{
		"good": {policy, ""},
		"none": {prune.Policy{}, "prune: no app\nprune: keep the newest 0 images: at least 1 has to stay"},
		"negative": {
			prune.Policy{App: "shop", Newest: 1, Young: -time.Hour, Disable: -1, Deregister: -1, Orphan: -1},
			"prune: age of images to keep: -1h0m0s is negative\nprune: time until images are disabled: -1ns is negative\n" +
				"prune: time until images are deregistered: -1ns is negative\nprune: age of snapshots to keep: -1ns is negative",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := (&account{}).pruner(c.policy, "")
			if got := errorText(c.policy.Validate()); got != c.err {
				t.Errorf("%q, want %q", got, c.err)
			}
			if _, err := p.Plan(t.Context()); errorText(err) != c.err {
				t.Errorf("plan: %q, want %q", errorText(err), c.err)
			}
			if _, err := p.Apply(t.Context(), prune.Plan{}, nil); errorText(err) != c.err {
				t.Errorf("apply: %q, want %q", errorText(err), c.err)
			}
		})
	}
}
