package elbv2

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"
)

// answering is an app whose status and delay can be changed while it runs.
type answering struct {
	status atomic.Int64
	delay  atomic.Int64
}

func (a *answering) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(time.Duration(a.delay.Load())):
		rw.WriteHeader(int(a.status.Load()))
	case <-r.Context().Done():
	}
}

func TestHealthFollowsThresholds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := memoryWorld(t)
		app := &answering{}
		app.status.Store(200)
		w.launch("i-1", app)
		g := w.group("blue", func(in *sdk.CreateTargetGroupInput) {
			in.HealthyThresholdCount, in.UnhealthyThresholdCount = aws.Int32(3), aws.Int32(2)
		})
		w.register(g, "i-1")
		var seen []string
		note := func(wait time.Duration) {
			time.Sleep(wait)
			synctest.Wait()
			seen = append(seen, w.health(g, "i-1"))
		}
		note(0)
		w.listen(w.balancer("blue"), 8080, forward(g))
		note(provisioning) // active now, and so are the nodes that check
		note(registration) // the first check
		app.status.Store(503)
		note(5 * time.Second) // once
		note(5 * time.Second) // twice: out
		app.status.Store(200)
		note(5 * time.Second) // once
		note(5 * time.Second) // twice
		note(5 * time.Second) // three times: in
		app.delay.Store(int64(3 * time.Second))
		note(9 * time.Second) // two checks, the second still running
		note(3 * time.Second)
		want := []string{
			"unused Target.NotInUse",
			"initial Elb.RegistrationInProgress",
			"healthy",
			"healthy",
			"unhealthy Target.ResponseCodeMismatch",
			"unhealthy Target.ResponseCodeMismatch",
			"unhealthy Target.ResponseCodeMismatch",
			"healthy",
			"healthy",
			"unhealthy Target.Timeout",
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	})
}
