package elbv2

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

func TestLostBackends(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var hits atomic.Int64
		cut := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
			case "/silent":
				hits.Add(1)
				<-r.Context().Done()
			case "/half":
				hits.Add(1)
				rw.Header().Set("Content-Length", "10")
				io.WriteString(rw, "half")
				http.NewResponseController(rw).Flush()
				panic(http.ErrAbortHandler)
			default:
				hits.Add(1)
				panic(http.ErrAbortHandler)
			}
		})
		lb, g, addr := w.serving(map[string]http.Handler{"i-1": cut})
		must(w, w.api.ModifyLoadBalancerAttributes, &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{balancerAttribute(idleTimeout, "30")}})
		c := w.client()
		page := func(path string) string { return strings.Split(w.get(c, "http://"+addr+path), "<")[0] }
		got := []string{page("/cut"), page("/silent"), page("/half")}
		w.acct.Lock()
		i := w.instances["i-1"]
		w.acct.Unlock()
		i.stop()
		got = append(got, page("/refused"))
		w.deregister(g, "i-1")
		got = append(got, page("/empty"))
		want := []string{"502 ", "504 ", "200 half error: unexpected EOF", "502 ", "503 "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := hits.Load(); n != 3 {
			t.Errorf("the target saw %d requests of 3", n)
		}
		counts := map[string]float64{}
		for _, m := range []string{"RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count", "TargetConnectionErrorCount", "HTTPCode_Target_2XX_Count"} {
			counts[m] = w.sum(m, lb, "")
		}
		if diff := cmp.Diff(map[string]float64{"RequestCount": 4, "HTTPCode_ELB_5XX_Count": 4, "HTTPCode_ELB_502_Count": 2, "HTTPCode_ELB_503_Count": 1, "HTTPCode_ELB_504_Count": 1, "TargetConnectionErrorCount": 1, "HTTPCode_Target_2XX_Count": 1}, counts); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNeverRetries has a target that keeps a connection alive after its first answer and closes it as soon as a second
// request comes in: what a client such as http.Transport answers by sending the request once more.
func TestNeverRetries(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const requests = 50
		i := w.launch("i-1", nil)
		ln, err := w.Fabric.Listen(netip.AddrPortFrom(i.addr, 8000).String())
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		seen := map[string]int{}
		var conns sync.WaitGroup
		serve := func(conn net.Conn) {
			defer conn.Close()
			br := bufio.NewReader(conn)
			for first := true; ; first = false {
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				mu.Lock()
				seen[r.URL.Path]++
				mu.Unlock()
				if !first || strings.HasPrefix(r.URL.Path, "/die") {
					return // the request was read; whether it took effect the proxy cannot know
				}
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok")
			}
		}
		conns.Go(func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				conns.Go(func() { serve(conn) })
			}
		})
		t.Cleanup(func() { ln.Close(); conns.Wait() })

		lb, g := w.balancer("lb"), w.group("blue")
		w.listen(lb, 8080, forward(g))
		w.register(g, "i-1")
		w.untilHealth(g, "i-1", "healthy")
		addr := w.nodes(lb, 8080)[0]
		c := w.client()
		want, got := map[string]int{}, map[string]string{}
		for n := range requests {
			ok, die := fmt.Sprint("/ok/", n), fmt.Sprint("/die/", n)
			want[ok], want[die] = 1, 1
			got[ok], got[die] = w.get(c, "http://"+addr+ok), w.get(c, "http://"+addr+die)
			if got[ok] != "200 ok" || !strings.HasPrefix(got[die], "502 ") {
				t.Errorf("request %d: %q and %q, want 200 and 502", n, got[ok], got[die])
			}
		}
		mu.Lock()
		defer mu.Unlock()
		delete(seen, "/") // health checks
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("requests by path, as the target saw them:\n%s", diff)
		}
	})
}

func TestMetricsAreTheRequestsSent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		app := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			var status int
			if n, _ := fmt.Sscanf(r.URL.Path, "/%d", &status); n == 1 {
				rw.WriteHeader(status)
			}
		})
		lb, g, addr := w.serving(map[string]http.Handler{"i-1": app, "i-2": app})
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				c := w.client()
				for status, n := range map[int]int{200: 30, 301: 3, 404: 4, 500: 5} {
					for range n {
						w.get(c, fmt.Sprintf("http://%s/%d", addr, status))
					}
				}
			})
		}
		clients.Wait()
		w.acct.Lock()
		w.RecordHostCounts()
		w.acct.Unlock()
		got := map[string]float64{}
		for _, m := range []string{"RequestCount", "HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCountPerTarget"} {
			got[m] = w.sum(m, lb, g)
		}
		want := map[string]float64{
			"RequestCount": 168, "HTTPCode_Target_2XX_Count": 120, "HTTPCode_Target_3XX_Count": 12, "HTTPCode_Target_4XX_Count": 16, "HTTPCode_Target_5XX_Count": 20,
			"HTTPCode_ELB_5XX_Count": 0, "RequestCountPerTarget": 84,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := w.sum("RequestCount", lb, ""); n != 168 {
			t.Errorf("%v requests by load balancer", n)
		}
		w.acct.Lock()
		dims := fmt.Sprint(map[string]string{"LoadBalancer": w.dimension(*lb.LoadBalancerArn), "TargetGroup": w.dimension(g)})
		if n := w.ledger.counts["AWS/ApplicationELB TargetResponseTime "+dims]; n != 168 {
			t.Errorf("%v response times", n)
		}
		if n := w.ledger.sums["AWS/ApplicationELB HealthyHostCount "+dims]; n < 2 {
			t.Errorf("%v healthy hosts", n)
		}
		w.acct.Unlock()
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.observed) != 168 || w.observed[0].TargetGroup != g || !strings.HasPrefix(w.observed[0].Instance, "i-") {
			t.Errorf("%d requests observed, the first %+v", len(w.observed), w.observed[0])
		}
	})
}

func TestPortThatCannotBeBound(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		lb := w.balancer("lb")
		w.acct.Lock()
		taken := netip.AddrPortFrom(w.balancers[0].zones[0].node, 8081).String()
		w.acct.Unlock()
		ln, err := w.Fabric.Listen(taken)
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		w.listen(lb, 8080, fixed("200", "ok"))
		w.listen(lb, 8081, fixed("200", "ok"))
		state := func() *types.LoadBalancerState {
			return must(w, w.api.DescribeLoadBalancers, &sdk.DescribeLoadBalancersInput{Names: []string{"lb"}}).LoadBalancers[0].State
		}
		w.until("the fault is seen", func() bool { return state().Code == types.LoadBalancerStateEnumActiveImpaired })
		if reason := aws.ToString(state().Reason); !strings.Contains(reason, "listen on "+taken) || !strings.Contains(reason, "address already in use") {
			t.Errorf("reason %q", reason)
		}
		w.mu.Lock()
		if len(w.problems) != 1 {
			t.Errorf("problems logged: %v", w.problems)
		}
		w.mu.Unlock()
		if got := w.get(w.client(), "http://"+w.nodes(lb, 8080)[0]+"/"); got != "200 ok" {
			t.Errorf("the other port says %q", got)
		}
	})
}
