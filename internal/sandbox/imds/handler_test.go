package imds_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/imds"
	"bluegreen/internal/sandbox/wire"
)

func TestMetadata(t *testing.T) {
	const mac = "02:00:7f:01:80:07"
	missing := reply{404, ""}
	for name, c := range map[string]struct {
		path   string
		change func(w *world)
		want   reply
	}{
		"versions":              {"/", nil, reply{200, "1.0\nlatest"}},
		"categories":            {"/latest/", nil, reply{200, "dynamic/\nmeta-data/\nuser-data"}},
		"without user data":     {"/latest/", func(w *world) { w.instance.UserData = "" }, reply{200, "dynamic/\nmeta-data/"}},
		"instance":              {"/latest/meta-data/instance-id", nil, reply{200, id}},
		"of a dated version":    {"/2021-03-23/meta-data/instance-id", nil, reply{200, id}},
		"of no version":         {"/newest/meta-data/instance-id", nil, missing},
		"type":                  {"/latest/meta-data/instance-type", nil, reply{200, "t3.small"}},
		"image":                 {"/latest/meta-data/ami-id", nil, reply{200, "ami-1"}},
		"address":               {"/latest/meta-data/local-ipv4", nil, reply{200, "127.1.128.7"}},
		"region":                {"/latest/meta-data/placement/region", nil, reply{200, "eu-west-1"}},
		"zone":                  {"/latest/meta-data/placement/availability-zone", nil, reply{200, "eu-west-1a"}},
		"a folder":              {"/latest/meta-data/placement/", nil, reply{200, "availability-zone\nregion"}},
		"a folder, no slash":    {"/latest/meta-data/placement", nil, reply{200, "availability-zone\nregion"}},
		"life cycle":            {"/latest/meta-data/instance-life-cycle", nil, reply{200, "on-demand"}},
		"groups":                {"/latest/meta-data/security-groups", nil, reply{200, "app\nssh"}},
		"network":               {"/latest/meta-data/network/interfaces/macs/", nil, reply{200, mac + "/"}},
		"subnet":                {"/latest/meta-data/network/interfaces/macs/" + mac + "/subnet-id", nil, reply{200, "subnet-1"}},
		"no such category":      {"/latest/meta-data/public-ipv4", nil, missing},
		"user data":             {"/latest/user-data", nil, reply{200, "#cloud-config\n"}},
		"no user data":          {"/latest/user-data", func(w *world) { w.instance.UserData = "" }, missing},
		"tags":                  {"/latest/meta-data/tags/instance/", nil, reply{200, "Name\naws:autoscaling:groupName"}},
		"a tag":                 {"/latest/meta-data/tags/instance/aws:autoscaling:groupName", nil, reply{200, "shop-blue"}},
		"a tag, escaped":        {"/latest/meta-data/tags/instance/aws%3Aautoscaling%3AgroupName", nil, reply{200, "shop-blue"}},
		"a tag of none":         {"/latest/meta-data/tags/instance/Owner", nil, missing},
		"tags not allowed":      {"/latest/meta-data/tags/instance/", func(w *world) { w.instance.TagsAllowed = false }, missing},
		"a tag not allowed":     {"/latest/meta-data/tags/instance/Name", func(w *world) { w.instance.TagsAllowed = false }, missing},
		"outside of groups":     {"/latest/meta-data/autoscaling/target-lifecycle-state", nil, missing},
		"in a group":            {"/latest/meta-data/autoscaling/target-lifecycle-state", func(w *world) { w.target = "Terminated" }, reply{200, "Terminated"}},
		"no interruption":       {"/latest/meta-data/spot/instance-action", nil, missing},
		"no end":                {"/latest/meta-data/spot/termination-time", nil, missing},
		"no recommendation":     {"/latest/meta-data/events/recommendations/rebalance", nil, missing},
		"role":                  {"/latest/meta-data/iam/security-credentials/", nil, reply{200, "shop"}},
		"no role":               {"/latest/meta-data/iam/security-credentials/", func(w *world) { w.instance.Profile = "" }, missing},
		"credentials of others": {"/latest/meta-data/iam/security-credentials/other", nil, missing},
		"turned off":            {"/latest/meta-data/instance-id", func(w *world) { w.instance.Endpoint = false }, reply{403, ""}},
		"a tag that changes": {"/latest/meta-data/tags/instance/Name", func(w *world) {
			w.instance.Tags = map[string]string{"Name": "other"}
		}, reply{200, "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.token = w.newToken("60")
				if c.change != nil {
					w.locked(func() { c.change(w) })
				}
				if d := cmp.Diff(c.want, w.get(c.path)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestTokens(t *testing.T) {
	const ttl, token, path = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token", "/latest/meta-data/instance-id"
	put := func(header ...string) func(*world) (string, string, []string) {
		return func(*world) (string, string, []string) { return "PUT", "/latest/api/token", header }
	}
	for name, c := range map[string]struct {
		ask  func(w *world) (method, path string, header []string)
		want int
	}{
		"of a second":     {put(ttl, "1"), 200},
		"of six hours":    {put(ttl, "21600"), 200},
		"longer":          {put(ttl, "21601"), 400},
		"of no time":      {put(ttl, "0"), 400},
		"not a number":    {put(ttl, "long"), 400},
		"without an end":  {put(), 400},
		"through a proxy": {put(ttl, "60", "X-Forwarded-For", "10.0.0.1"), 403},
		"by GET":          {func(*world) (string, string, []string) { return "GET", "/latest/api/token", []string{ttl, "60"} }, 405},
		"turned off":      {func(w *world) (string, string, []string) { w.instance.Endpoint = false; return put(ttl, "60")(w) }, 403},
		"version 1":       {func(*world) (string, string, []string) { return "GET", path, nil }, 401},
		"version 1, fine": {func(w *world) (string, string, []string) { w.instance.TokensRequired = false; return "GET", path, nil }, 200},
		"made up":         {func(*world) (string, string, []string) { return "GET", path, []string{token, "AQAEA"} }, 401},
		"made up in v1": {func(w *world) (string, string, []string) {
			w.instance.TokensRequired = false
			return "GET", path, []string{token, "AQAEA"}
		}, 401},
		"good":             {func(w *world) (string, string, []string) { return "GET", path, []string{token, w.newToken("60")} }, 200},
		"only to be heard": {func(w *world) (string, string, []string) { return "HEAD", path, []string{token, w.newToken("60")} }, 200},
		"to write":         {func(w *world) (string, string, []string) { return "PUT", path, []string{token, w.newToken("60")} }, 405},
		"nearly old": {func(w *world) (string, string, []string) {
			old := w.newToken("60")
			time.Sleep(59 * time.Second)
			return "GET", path, []string{token, old}
		}, 200},
		"old": {func(w *world) (string, string, []string) {
			old := w.newToken("60")
			time.Sleep(60 * time.Second)
			w.newToken("60") // which tidies up
			return "GET", path, []string{token, old}
		}, 401},
		"revoked": {func(w *world) (string, string, []string) {
			old := w.newToken("60")
			w.locked(func() { w.imds.RevokeTokens(id) })
			return "GET", path, []string{token, old}
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				method, path, header := c.ask(w)
				got, headers, err := w.ask(method, path, header...)
				if err != nil || got.Status != c.want {
					t.Fatalf("got %d, %v, want %d", got.Status, err, c.want)
				}
				if method == "PUT" && c.want == 200 && headers.Get(ttl) != header[1] {
					t.Errorf("the token says that it lasts %q", headers.Get(ttl))
				}
			})
		})
	}
}

// Tokens do not get further than the instance lets them; version 1 does.
func TestHopLimit(t *testing.T) {
	for name, c := range map[string]struct {
		hops, limit int
		arrives     bool
	}{
		"the instance itself":          {0, 1, true},
		"a container":                  {1, 1, false},
		"a container that is provided": {1, 2, true},
		"two bridges":                  {2, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.instance.HopLimit = c.limit
				w.client.Transport = wire.Transport(w.front.Beside(w.imds.HandlerBehind(id, c.hops)))
				ctx, cancel := context.WithTimeout(w.ctx, time.Second)
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, "PUT", "http://169.254.169.254/latest/api/token", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("X-aws-ec2-metadata-token-ttl-seconds", "60")
				_, err = w.client.Do(r)
				if c.arrives && err != nil || !c.arrives && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("token: %v", err)
				}
				w.locked(func() { w.instance.TokensRequired = false })
				if got, _, err := w.ask("GET", "/latest/meta-data/instance-id"); err != nil || got.Status != 200 {
					t.Errorf("version 1: %+v, %v", got, err)
				}
			})
		})
	}
}

func TestOffIsOff(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"stopped": func(w *world) { w.instance.On = false },
		"gone":    func(w *world) { w.client.Transport = wire.Transport(w.front.Beside(w.imds.Handler("i-other"))) },
	} {
		in(t, func(w *world) {
			change(w)
			if _, _, err := w.ask("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60"); !errors.Is(err, wire.ErrConnectionCut) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestThroughTheSDK(t *testing.T) {
	in(t, func(w *world) {
		c := w.sdk()
		got, err := c.GetInstanceIdentityDocument(w.ctx, &sdk.GetInstanceIdentityDocumentInput{})
		if err != nil {
			t.Fatal(err)
		}
		want := sdk.InstanceIdentityDocument{
			AvailabilityZone: "eu-west-1a", PrivateIP: "127.1.128.7", Version: "2017-09-30", Region: "eu-west-1", InstanceID: id,
			InstanceType: "t3.small", AccountID: "123456789012", PendingTime: time.Now().UTC(), ImageID: "ami-1", Architecture: "x86_64",
		}
		if d := cmp.Diff(want, got.InstanceIdentityDocument); d != "" {
			t.Error(d)
		}
		info, err := c.GetIAMInfo(w.ctx, &sdk.GetIAMInfoInput{})
		if err != nil || info.InstanceProfileArn != w.instance.Profile {
			t.Errorf("%+v, %v", info, err)
		}
		// The SDK keeps its token; when the service has forgotten it, the SDK is told so, and fetches another when it tries again.
		w.locked(func() { w.imds.RevokeTokens(id) })
		for _, fails := range []bool{true, false} {
			data, err := c.GetMetadata(w.ctx, &sdk.GetMetadataInput{Path: "tags/instance/Name"})
			if fails != (err != nil) {
				t.Fatalf("fails: %v, %v", fails, err)
			}
			if err == nil {
				if text, _ := io.ReadAll(data.Content); string(text) != "shop" {
					t.Errorf("%q", text)
				}
			}
		}
	})
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault wire.Fault
		want  int // 0 for a connection that is cut
	}{
		"throttled":       {wire.Fault{Service: "imds", Operation: "instance-id", Action: wire.ActionThrottle}, 503},
		"no tokens":       {wire.Fault{Operation: "api/token", Action: wire.ActionThrottle}, 200}, // the client has one
		"an error":        {wire.Fault{Service: "imds", Action: wire.ActionError, Code: "Oops", Status: 500}, 500},
		"an outage":       {wire.Fault{Service: "imds", Action: wire.ActionCrashBefore}, 0},
		"of another path": {wire.Fault{Operation: "spot/instance-action", Action: wire.ActionThrottle}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				token := w.newToken("60")
				w.front.Faults.Add(c.fault)
				got, _, err := w.ask("GET", "/latest/meta-data/instance-id", "X-aws-ec2-metadata-token", token)
				if got.Status != c.want || (c.want == 0) != errors.Is(err, wire.ErrConnectionCut) {
					t.Errorf("got %+v, %v, want %d", got, err, c.want)
				}
			})
		})
	}
}

func TestOperationsInTheLog(t *testing.T) {
	in(t, func(w *world) {
		for _, path := range []string{
			"/latest/meta-data/tags/instance/Name", "/latest/meta-data/iam/security-credentials/shop", "/latest/meta-data/spot/instance-action",
			"/latest/dynamic/instance-identity/document", "/latest/user-data", "/latest/meta-data/",
		} {
			w.get(path)
		}
		var got []string
		for _, call := range w.front.Calls.Since(0) {
			got = append(got, strings.TrimSpace(call.Operation+" "+call.Code))
		}
		want := []string{
			"api/token", "tags/instance", "iam/security-credentials", "spot/instance-action 404", "dynamic/instance-identity/document", "user-data", "meta-data",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestForgottenInstancesHaveNoTokens(t *testing.T) {
	in(t, func(w *world) {
		w.get("/")
		w.must(func() error { return w.imds.InterruptSpot(id, imds.Terminate, time.Minute) })
		w.locked(func() { w.imds.Forget(id) })
		if got := w.get("/latest/meta-data/instance-id"); got.Status != 401 {
			t.Errorf("an old token: %+v", got)
		}
		w.token = ""
		if got := w.get("/latest/meta-data/spot/instance-action"); got.Status != 404 {
			t.Errorf("an old notice: %+v", got)
		}
	})
}
