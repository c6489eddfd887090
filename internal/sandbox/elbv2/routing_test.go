package elbv2

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

// onBoth runs a test on real sockets, and in memory in synctest time.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("loopback", func(t *testing.T) { test(t, loopbackWorld(t)) })
	t.Run("synctest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, memoryWorld(t)) })
	})
}

// serving makes a load balancer that forwards from port 8080 to a group, with healthy instances that run the apps.
func (w *world) serving(apps map[string]http.Handler) (lb types.LoadBalancer, group, addr string) {
	w.t.Helper()
	lb, group = w.balancer("lb"), w.group("blue")
	w.listen(lb, 8080, forward(group))
	for id, app := range apps {
		w.launch(id, app)
		w.register(group, id)
	}
	for id := range apps {
		w.untilHealth(group, id, "healthy")
	}
	return lb, group, w.nodes(lb, 8080)[0]
}

// answer to a GET: status and body, or the error.
func (w *world) get(c *http.Client, url string, change ...func(*http.Request)) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, ch := range change {
		ch(r)
	}
	res, err := c.Do(r)
	if err != nil {
		return "error: " + err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Sprintf("%d %s error: %v", res.StatusCode, body, err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, body)
}

func TestRouting(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		lb, blue, addr := w.serving(map[string]http.Handler{"i-blue": saying("blue")})
		green := w.group("green")
		w.launch("i-green", saying("green"))
		w.register(green, "i-green")
		l := must(w, w.api.DescribeListeners, &sdk.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn}).Listeners[0]
		w.rule(l, 10, forward(green), host("*.green.example"), path("/v?/*"))
		w.rule(l, 20, forward(green), types.RuleCondition{Field: aws.String(headerField), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-Preview"), Values: []string{"green*"}}})
		w.rule(l, 30, fixed("404", "no such thing"), types.RuleCondition{Field: aws.String(queryField), QueryStringConfig: &types.QueryStringConditionConfig{Values: []types.QueryStringKeyValuePair{{Key: aws.String("thing"), Value: aws.String("none")}}}})
		w.rule(l, 40, fixed("405", ""), types.RuleCondition{Field: aws.String(methodField), HttpRequestMethodConfig: &types.HttpRequestMethodConditionConfig{Values: []string{"TRACE"}}})
		w.rule(l, 50, fixed("403", ""), types.RuleCondition{Field: aws.String(sourceField), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.0/8"}}})
		w.rule(l, 60, redirect(types.RedirectActionConfig{StatusCode: types.RedirectActionStatusCodeEnumHttp301, Protocol: aws.String("HTTPS"), Port: aws.String("8443")}), path("/secure"))
		w.rule(l, 70, weighted(blue, 0, green, 0), path("/nobody"))
		w.untilHealth(green, "i-green", "healthy")

		c := w.client()
		as := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
		got := []string{
			w.get(c, "http://"+addr+"/"),
			w.get(c, "http://"+addr+"/v2/x", as("App.Green.Example:8080")),
			w.get(c, "http://"+addr+"/other", as("app.green.example")),
			w.get(c, "http://"+addr+"/", func(r *http.Request) { r.Header.Set("x-preview", "GREEN-3") }),
			w.get(c, "http://"+addr+"/?a=b&THING=None"),
			w.get(c, "http://"+addr+"/", func(r *http.Request) { r.Method = "TRACE" }),
			strings.Split(w.get(c, "http://"+addr+"/nobody"), "<")[0],
		}
		want := []string{"200 blue", "200 green", "200 blue", "200 green", "404 no such thing", "405 ", "503 "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}

		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/secure?a=b", nil)
		r.Host = "app.example:8080"
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got, want := res.Header.Get("Location"), "https://app.example:8443/secure?a=b"; res.StatusCode != 301 || got != want {
			t.Errorf("redirect %d to %s, want 301 to %s", res.StatusCode, got, want)
		}
	})
}

func TestTargetSeesTheClient(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		seen := make(chan *http.Request, 1)
		_, _, addr := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				seen <- r
			}
		})})
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/a%2Fb?x=1;y", strings.NewReader("hello"))
		r.Host = "app.example"
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		res, err := w.client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		in := <-seen
		body, _ := io.ReadAll(in.Body)
		got := []string{
			in.Method, in.Host, in.RequestURI, string(body), strings.Split(in.Header.Get("X-Forwarded-For"), ".")[0], fmt.Sprint(strings.Count(in.Header.Get("X-Forwarded-For"), ", 127.")),
			in.Header.Get("X-Forwarded-Proto"), in.Header.Get("X-Forwarded-Port"), in.Header.Get("X-Amzn-Trace-Id")[:7],
		}
		if diff := cmp.Diff([]string{"POST", "app.example", "/a%2Fb?x=1;y", "hello", "203", "1", "http", "8080", "Root=1-"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWeightsTakeEffectAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		lb, blue, addr := w.serving(map[string]http.Handler{"i-blue": saying("blue")})
		green := w.group("green")
		w.launch("i-green", saying("green"))
		w.register(green, "i-green")
		l := must(w, w.api.DescribeListeners, &sdk.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn}).Listeners[0]
		c := w.client()
		share := func(blueWeight, greenWeight int) int {
			must(w, w.api.ModifyListener, &sdk.ModifyListenerInput{ListenerArn: l.ListenerArn, DefaultActions: weighted(blue, blueWeight, green, greenWeight)})
			w.untilHealth(green, "i-green", "healthy")
			n := 0
			for range 400 {
				if w.get(c, "http://"+addr+"/") == "200 green" {
					n++
				}
			}
			return n
		}
		if got := share(100, 0); got != 0 {
			t.Errorf("%d of 400 requests to a group with weight 0", got)
		}
		if got := share(1, 3); got < 250 || got > 350 {
			t.Errorf("%d of 400 requests to a group with 3/4 of the weight", got)
		}
		if got := share(0, 1); got != 400 {
			t.Errorf("%d of 400 requests to the only group with a weight", got)
		}
	})
}

func TestTargetsTakeTurnsAndFailOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one, two := &answering{}, &answering{}
		one.status.Store(200)
		two.status.Store(201)
		_, g, addr := w.serving(map[string]http.Handler{"i-1": one})
		must(w, w.api.ModifyTargetGroup, &sdk.ModifyTargetGroupInput{TargetGroupArn: &g, Matcher: &types.Matcher{HttpCode: aws.String("200-201")}})
		w.launch("i-2", two)
		w.register(g, "i-2")
		w.untilHealth(g, "i-2", "healthy")
		c := w.client()
		tally := func() map[string]int {
			got := map[string]int{}
			for range 20 {
				got[w.get(c, "http://"+addr+"/")]++
			}
			return got
		}
		both := tally()
		two.status.Store(503)
		w.untilHealth(g, "i-2", "unhealthy Target.ResponseCodeMismatch")
		healthyOnly := tally()
		one.status.Store(500)
		w.untilHealth(g, "i-1", "unhealthy Target.ResponseCodeMismatch")
		open := tally()
		want := []map[string]int{{"200 ": 10, "201 ": 10}, {"200 ": 20}, {"500 ": 10, "503 ": 10}}
		if diff := cmp.Diff(want, []map[string]int{both, healthyOnly, open}); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRewritesAndResponseHeaders(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		lb, g, addr := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Server", "app/1.0")
			fmt.Fprint(rw, r.Host, r.RequestURI)
		})})
		l := must(w, w.api.DescribeListeners, &sdk.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn}).Listeners[0]
		r := must(w, w.api.CreateRule, &sdk.CreateRuleInput{
			ListenerArn: l.ListenerArn, Priority: aws.Int32(1), Actions: forward(g), Conditions: []types.RuleCondition{{Field: aws.String(pathField), RegexValues: []string{"^/api/v[0-9]+/"}}},
			Transforms: []types.RuleTransform{
				{Type: types.TransformTypeEnumUrlRewrite, UrlRewriteConfig: &types.UrlRewriteConfig{Rewrites: []types.RewriteConfig{{Regex: aws.String("^/api/v([0-9]+)/"), Replace: aws.String("/$1/")}}}},
				{Type: types.TransformTypeEnumHostHeaderRewrite, HostHeaderRewriteConfig: &types.HostHeaderRewriteConfig{Rewrites: []types.RewriteConfig{{Regex: aws.String("^old"), Replace: aws.String("new")}}}},
			},
		}).Rules[0]
		must(w, w.api.ModifyListenerAttributes, &sdk.ModifyListenerAttributesInput{ListenerArn: l.ListenerArn, Attributes: []types.ListenerAttribute{
			listenerAttribute(showServer, "false"), listenerAttribute("routing.http.response.x_frame_options.header_value", "DENY"),
		}})
		old := func(r *http.Request) { r.Host = "old.example" }
		got := []string{w.get(w.client(), "http://"+addr+"/api/v2/x?y", old), w.get(w.client(), "http://"+addr+"/x", old)}
		must(w, w.api.ModifyRule, &sdk.ModifyRuleInput{RuleArn: r.RuleArn, ResetTransforms: aws.Bool(true)})
		got = append(got, w.get(w.client(), "http://"+addr+"/api/v2/x?y", old))
		if diff := cmp.Diff([]string{"200 new.example/2/x?y", "200 old.example/x", "200 old.example/api/v2/x?y"}, got); diff != "" {
			t.Error(diff)
		}
		in, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/", nil)
		res, err := w.client().Do(in)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if server, frame := res.Header.Values("Server"), res.Header.Get("X-Frame-Options"); len(server) != 0 || frame != "DENY" {
			t.Errorf("Server %q, X-Frame-Options %q", server, frame)
		}
	})
}

func TestLeastOutstandingRequests(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		finish, began := make(chan bool), make(chan string, 4)
		holding := func(name string) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/hold" {
					began <- name
					<-finish
				}
				fmt.Fprint(rw, name)
			})
		}
		_, g, addr := w.serving(map[string]http.Handler{"i-1": holding("one"), "i-2": holding("two")})
		must(w, w.api.ModifyTargetGroupAttributes, &sdk.ModifyTargetGroupAttributesInput{TargetGroupArn: &g, Attributes: []types.TargetGroupAttribute{groupAttribute(algorithm, "least_outstanding_requests")}})
		held := make(chan string, 1)
		go func() { held <- w.get(w.client(), "http://"+addr+"/hold") }()
		busy := <-began
		for range 10 {
			if got := w.get(w.client(), "http://"+addr+"/"); got == "200 "+busy {
				t.Errorf("a request went to %s, which is busy", busy)
			}
		}
		close(finish)
		if got := <-held; got != "200 "+busy {
			t.Errorf("the held request got %q", got)
		}
	})
}

func BenchmarkRequests(b *testing.B) {
	w := loopbackWorld(b)
	_, _, addr := w.serving(map[string]http.Handler{"i-1": saying("one"), "i-2": saying("two")})
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c := w.client()
		for pb.Next() {
			if got := w.get(c, "http://"+addr+"/"); !strings.HasPrefix(got, "200 ") {
				b.Error(got)
			}
		}
	})
}
