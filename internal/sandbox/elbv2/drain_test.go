package elbv2

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestDrainLosesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		slow := func(name string) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					select {
					case <-time.After(w.acct.Scaled(2 * time.Second)):
					case <-r.Context().Done():
						return
					}
				}
				fmt.Fprint(rw, name)
			})
		}
		lb, g, addr := w.serving(map[string]http.Handler{"i-1": slow("one"), "i-2": slow("two")})
		stop := make(chan struct{})
		var load sync.WaitGroup
		var sent, afterDrain atomic.Int64
		var drained atomic.Bool
		for range 8 {
			load.Go(func() {
				c := w.client()
				for {
					select {
					case <-stop:
						return
					default:
					}
					began := drained.Load()
					got := w.get(c, "http://"+addr+"/work")
					sent.Add(1)
					if got != "200 one" && got != "200 two" {
						t.Errorf("a request was lost: %q", got)
					}
					if began && got == "200 one" {
						afterDrain.Add(1)
					}
				}
			})
		}
		w.until("both targets work", func() bool { return sent.Load() > 40 })
		w.deregister(g, "i-1")
		drained.Store(true)
		w.until("the drain is over", func() bool { return w.health(g, "i-1") == "unused Target.NotRegistered" })
		close(stop)
		load.Wait()
		if n := afterDrain.Load(); n != 0 {
			t.Errorf("%d new requests went to a draining target", n)
		}
		if got, want := w.sum("RequestCount", lb, g), float64(sent.Load()); got != want {
			t.Errorf("RequestCount is %v, %v requests were sent", got, want)
		}
	})
}

func TestDeregistrationDelayCutsOff(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		began := make(chan bool, 2)
		lb, g, addr := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				began <- true
				<-r.Context().Done()
			}
		})})
		must(w, w.api.ModifyTargetGroupAttributes, &sdk.ModifyTargetGroupAttributesInput{TargetGroupArn: &g, Attributes: []types.TargetGroupAttribute{groupAttribute(deregistrationDelay, "20")}})
		result := make(chan string, 1)
		start := time.Now()
		go func() { result <- w.get(w.client(), "http://"+addr+"/forever") }()
		<-began
		w.deregister(g, "i-1")
		if got := <-result; !strings.HasPrefix(got, "502 ") {
			t.Errorf("got %q, want 502", got)
		}
		if took, delay := time.Since(start), w.acct.Scaled(20*time.Second); took < delay {
			t.Errorf("cut off after %v, before the delay of %v", took, delay)
		}
		if n := w.sum("HTTPCode_ELB_502_Count", lb, ""); n != 1 {
			t.Errorf("%v counted as 502", n)
		}
	})
}

func TestDeletionEndsConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		began := make(chan bool, 1)
		lb, g, addr := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/forever" {
				began <- true
				<-r.Context().Done()
			}
		})})
		again := w.listen(lb, 8081, forward(g))
		w.nodes(lb, 8081)
		must(w, w.api.DeleteListener, &sdk.DeleteListenerInput{ListenerArn: again.ListenerArn})
		w.listen(lb, 8081, fixed("200", "new"))
		w.until("the port is served by the new listener", func() bool {
			return w.get(w.client(), "http://"+strings.Replace(addr, "8080", "8081", 1)+"/") == "200 new"
		})
		result := make(chan string, 1)
		go func() { result <- w.get(w.client(), "http://"+addr+"/forever") }()
		<-began
		must(w, w.api.DeleteLoadBalancer, &sdk.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
		if got := <-result; !strings.HasPrefix(got, "error: ") {
			t.Errorf("the request in flight got %q", got)
		}
		w.until("nothing listens any more", func() bool { return strings.HasPrefix(w.get(w.client(), "http://"+addr+"/"), "error: ") })
	})
}

func TestRemovedNodeFinishesItsRequests(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		began, finish := make(chan bool, 1), make(chan bool)
		lb, _, addr := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				began <- true
				<-finish
				fmt.Fprint(rw, "done")
			}
		})})
		result := make(chan string, 1)
		go func() { result <- w.get(w.client(), "http://"+addr+"/slow") }()
		<-began
		must(w, w.api.SetSubnets, &sdk.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: []string{"subnet-b", "subnet-c"}}) // addr was in a
		w.until("the node is gone", func() bool { return strings.HasPrefix(w.get(w.client(), "http://"+addr+"/"), "error: ") })
		close(finish)
		if got := <-result; got != "200 done" {
			t.Errorf("the request in flight got %q", got)
		}
		for _, node := range w.nodes(lb, 8080) {
			if got := w.get(w.client(), "http://"+node+"/"); node == addr || got != "200 " {
				t.Errorf("node %s says %q", node, got)
			}
		}
	})
}
