package imds_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/imds"
)

func TestSpotInterruption(t *testing.T) {
	const action, end = "/latest/meta-data/spot/instance-action", "/latest/meta-data/spot/termination-time"
	for _, c := range []struct {
		action string
		end    reply
	}{
		{imds.Terminate, reply{200, "2000-01-01T00:02:00Z"}},
		{imds.Stop, reply{404, ""}},
		{imds.Hibernate, reply{404, ""}},
	} {
		t.Run(c.action, func(t *testing.T) {
			in(t, func(w *world) {
				w.must(func() error { return w.imds.InterruptSpot(id, c.action, 2*time.Minute) })
				notice := "{\n  \"action\": \"" + c.action + "\",\n  \"time\": \"2000-01-01T00:02:00Z\"\n}"
				if d := cmp.Diff([]reply{{200, notice}, c.end}, []reply{w.get(action), w.get(end)}); d != "" {
					t.Error(d)
				}
				time.Sleep(2*time.Minute - time.Second)
				synctest.Wait()
				w.locked(func() {
					if w.ended != "" {
						t.Errorf("%s came early", w.ended)
					}
				})
				time.Sleep(time.Second)
				synctest.Wait()
				w.locked(func() {
					if w.ended != c.action {
						t.Errorf("in the end: %q", w.ended)
					}
				})
			})
		})
	}
}

func TestRebalance(t *testing.T) {
	in(t, func(w *world) {
		time.Sleep(time.Hour)
		w.must(func() error { return w.imds.RecommendRebalance(id) })
		time.Sleep(time.Hour)
		want := reply{200, "{\n  \"noticeTime\": \"2000-01-01T01:00:00Z\"\n}"}
		if d := cmp.Diff(want, w.get("/latest/meta-data/events/recommendations/rebalance")); d != "" {
			t.Error(d)
		}
	})
}

func TestNoticesThatCannotBeSent(t *testing.T) {
	in(t, func(w *world) {
		w.locked(func() {
			for name, err := range map[string]error{
				"an unknown action":         w.imds.InterruptSpot(id, "explode", time.Minute),
				"an interruption of nobody": w.imds.InterruptSpot("i-other", imds.Terminate, time.Minute),
				"advice to nobody":          w.imds.RecommendRebalance("i-other"),
			} {
				if err == nil {
					t.Errorf("%s was sent", name)
				}
			}
			w.instance.On = false
			if w.imds.RecommendRebalance(id) == nil {
				t.Error("advice to an instance that is off was sent")
			}
		})
	})
}

func TestCredentialsRotate(t *testing.T) {
	in(t, func(w *world) {
		read := func() (key string, end time.Time) {
			t.Helper()
			var got struct {
				Code, Type, AccessKeyID string
				Expiration              time.Time
			}
			if err := json.Unmarshal([]byte(w.get("/latest/meta-data/iam/security-credentials/shop").Body), &got); err != nil {
				t.Fatal(err)
			}
			if got.Code != "Success" || got.Type != "AWS-HMAC" || !strings.HasPrefix(got.AccessKeyID, "ASIA") {
				t.Errorf("%+v", got)
			}
			return got.AccessKeyID, got.Expiration
		}
		first, end := read()
		if !end.Equal(time.Now().Add(6 * time.Hour)) {
			t.Errorf("good until %v", end)
		}
		time.Sleep(5*time.Hour - time.Second)
		if again, _ := read(); again != first {
			t.Error("rotated early")
		}
		time.Sleep(time.Second)
		second, end := read()
		if second == first || !end.Equal(time.Now().Add(6*time.Hour)) {
			t.Errorf("not rotated an hour before the end: %s until %v", second, end)
		}
		w.locked(func() { w.imds.RotateCredentials(id) })
		third, _ := read()
		if third == second {
			t.Error("not rotated when told to")
		}
		used, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = w.sdk() }).Retrieve(w.ctx)
		if err != nil || used.AccessKeyID != third || used.SessionToken == "" {
			t.Errorf("the SDK reads %q, %v", used.AccessKeyID, err)
		}
	})
}
