package imds

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	targetPath    = "meta-data/autoscaling/target-lifecycle-state"
	spotPath      = "meta-data/spot/instance-action"
	rebalancePath = "meta-data/events/recommendations/rebalance"
)

// fate is all that the service says of what is about to happen.
type fate struct {
	Target       Target
	Interruption Interruption
	Interrupted  bool
	Rebalance    time.Time
	Recommended  bool
	Errors       []string
}

func read(t *testing.T, c *Client) (f fate) {
	note := func(err error) {
		if err != nil {
			f.Errors = append(f.Errors, err.Error())
		}
	}
	var err error
	f.Target, err = c.Target(t.Context())
	note(err)
	f.Interruption, f.Interrupted, err = c.Interruption(t.Context())
	note(err)
	f.Rebalance, f.Recommended, err = c.Rebalance(t.Context())
	note(err)
	return f
}

func TestFate(t *testing.T) {
	at := time.Date(2017, 9, 18, 8, 22, 0, 0, time.UTC)
	html := "<html><body>Welcome to the guest network, please log in</body></html>"
	garble := func(path, text string) string {
		return "ask the metadata service for " + path + ": cannot make sense of " + text
	}
	for name, c := range map[string]struct {
		items map[string]string
		want  fate
	}{
		"nothing":    {nil, fate{}},
		"in service": {map[string]string{targetPath: "InService"}, fate{Target: InService}},
		"ending":     {map[string]string{targetPath: "Terminated\n"}, fate{Target: Terminated}},
		"warm":       {map[string]string{targetPath: "Warmed:Stopped"}, fate{Target: WarmedStopped}},
		"new":        {map[string]string{targetPath: "Frozen:Solid"}, fate{Target: "Frozen:Solid"}},
		"spot": {
			map[string]string{spotPath: `{"action": "terminate", "time": "2017-09-18T08:22:00Z"}`},
			fate{Interruption: Interruption{"terminate", at}, Interrupted: true},
		},
		"hibernation": {
			map[string]string{spotPath: `{"action":"hibernate","time":"2017-09-18T08:22:00Z","more":{}}`},
			fate{Interruption: Interruption{"hibernate", at}, Interrupted: true},
		},
		"all at once": {
			map[string]string{
				targetPath: "Terminated", spotPath: `{"action":"stop","time":"2017-09-18T08:22:00Z"}`, rebalancePath: `{"noticeTime": "2017-09-18T08:22:00Z"}`,
			},
			fate{Target: Terminated, Interruption: Interruption{"stop", at}, Interrupted: true, Rebalance: at, Recommended: true},
		},
		"something else answers": {
			map[string]string{targetPath: html, spotPath: html, rebalancePath: html},
			fate{Errors: []string{
				garble("autoscaling/target-lifecycle-state", `"<html><body>Welcome to the guest network…"`),
				garble("spot/instance-action", `"<html><body>Welcome to the guest network…"`),
				garble("events/recommendations/rebalance", `"<html><body>Welcome to the guest network…"`),
			}},
		},
		"empty": {
			map[string]string{targetPath: "", spotPath: "", rebalancePath: ""},
			fate{Errors: []string{
				garble("autoscaling/target-lifecycle-state", `""`), garble("spot/instance-action", `""`), garble("events/recommendations/rebalance", `""`),
			}},
		},
		"half": {
			map[string]string{spotPath: `{"action":"stop"}`, rebalancePath: `{}`},
			fate{Errors: []string{garble("spot/instance-action", `"{\"action\":\"stop\"}"`), garble("events/recommendations/rebalance", `"{}"`)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, &service{items: c.items}, func(t *testing.T, client *Client) {
				if diff := cmp.Diff(c.want, read(t, client)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTerminating(t *testing.T) {
	for target, want := range map[Target]bool{
		NeverSet: false, InService: false, Standby: false, Detached: false, Terminated: true,
		WarmedRunning: false, WarmedStopped: false, WarmedHibernated: false, WarmedTerminated: true, "Frozen:Solid": false,
	} {
		if got := target.Terminating(); got != want {
			t.Errorf("%q: %v", target, got)
		}
	}
}

// Whatever answers, it is understood whole or not at all.
func FuzzAnswers(f *testing.F) {
	for _, answer := range []string{
		"InService", "Terminated\n", "Warmed:Hibernated", "", "\x00", "404 - Not Found", "Inservice InService", document,
		`{"action":"terminate","time":"2017-09-18T08:22:00Z"}`, `{"action":"","time":"now"}`, `{"noticeTime":"2020-10-27T08:22:00Z"}`,
		`[]`, `null`, `{"time":"0001-01-01T00:00:00Z","action":"stop"}`, "Name\nbluegreen:app", "..", ".", "a//b", "a/../b", "/", "\n",
	} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if target, ok := parseTarget(answer); ok != (target != NeverSet) || !strings.Contains(answer, string(target)) {
			t.Errorf("target %q, %v", target, ok)
		}
		if i, ok := parseInterruption(answer); ok != (i != Interruption{}) || ok && (i.Action == "" || i.Time.IsZero()) {
			t.Errorf("interruption %+v, %v", i, ok)
		}
		if at, ok := parseRebalance(answer); ok == at.IsZero() {
			t.Errorf("rebalance %v, %v", at, ok)
		}
		if id, ok := parseIdentity([]byte(answer)); ok != (id != Identity{}) || ok && (id.InstanceID == "" || id.Region == "") {
			t.Errorf("identity %+v, %v", id, ok)
		}
		// Every path that a list of tags makes the client ask for is below that list.
		s := &service{items: map[string]string{"meta-data/tags/instance": answer}}
		tags, err := New(Options{HTTP: s}).Tags(t.Context())
		if err == nil && len(tags) != 0 {
			t.Errorf("tags without a value: %v", tags)
		}
		for _, asked := range s.asked[2:] {
			if !strings.HasPrefix(asked, "GET /latest/meta-data/tags/instance/") {
				t.Errorf("asked for %s", asked)
			}
		}
	})
}
