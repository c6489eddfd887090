package ecr_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/wire"
)

func TestPushAndPull(t *testing.T) {
	in(t, func(w *world) {
		w.repository("team/app", "")
		p := paint("v1")
		if got := w.push("team/app", "v1", p); got.Status != 201 || got.Header.Get("Docker-Content-Digest") != p.digest() {
			t.Fatalf("push: %+v", got)
		}
		for _, reference := range []string{"v1", p.digest()} {
			got := w.must("GET", "/v2/team/app/manifests/"+reference, "")
			if got.Body != p.manifest() || got.Header.Get("Content-Type") != "application/vnd.docker.distribution.manifest.v2+json" ||
				got.Header.Get("Docker-Content-Digest") != p.digest() {
				t.Errorf("%s: %+v", reference, got)
			}
			if head := w.must("HEAD", "/v2/team/app/manifests/"+reference, ""); head.Body != "" || head.Header.Get("Docker-Content-Digest") != p.digest() {
				t.Errorf("HEAD %s: %+v", reference, head)
			}
		}
		layer := "/v2/team/app/blobs/" + digest(p.layer)
		for _, c := range []struct{ asked, want string }{
			{"", string(p.layer)},
			{"bytes=2-4", string(p.layer[2:5])},
			{"bytes=6-", string(p.layer[6:])},
		} {
			if got := w.must("GET", layer, "", "Range", c.asked); got.Body != c.want {
				t.Errorf("range %q: %q, want %q", c.asked, got.Body, c.want)
			}
		}
		if got := w.must("GET", "/v2/team/app/tags/list", ""); got.Body != `{"name":"team/app","tags":["v1"]}` {
			t.Errorf("tags: %s", got.Body)
		}
		if got := w.must("GET", "/v2/", ""); got.Header.Get("Docker-Distribution-Api-Version") != "registry/2.0" {
			t.Errorf("ping: %+v", got)
		}
	})
}

func TestRegistryRefusals(t *testing.T) {
	p, other := paint("v1"), paint("v2")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"unknown repository": {"GET", "/v2/nothing/manifests/v1", "", 404, said("NAME_UNKNOWN",
			"The repository with name 'nothing' does not exist in the registry with id '123456789012'")},
		"push to an unknown repository": {"POST", "/v2/nothing/blobs/uploads/", "", 404, said("NAME_UNKNOWN",
			"The repository with name 'nothing' does not exist in the registry with id '123456789012'")},
		"unknown tag":             {"GET", "/v2/app/manifests/v9", "", 404, said("MANIFEST_UNKNOWN", "Requested image not found")},
		"unknown digest":          {"GET", "/v2/app/manifests/" + other.digest(), "", 404, said("MANIFEST_UNKNOWN", "Requested image not found")},
		"a layer of another":      {"GET", "/v2/other/blobs/" + digest(p.layer), "", 404, said("BLOB_UNKNOWN", "Unknown blob")},
		"deletion":                {"DELETE", "/v2/app/manifests/v1", "", 405, said("UNSUPPORTED", "The operation is unsupported.")},
		"no such path":            {"GET", "/v1/search", "", 405, said("UNSUPPORTED", "The operation is unsupported.")},
		"a manifest that is none": {"PUT", "/v2/app/manifests/v3", "{", 400, said("MANIFEST_INVALID", "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'")},
		"an image without layers": {"PUT", "/v2/app/manifests/v2", other.manifest(), 404, said("BLOB_UNKNOWN",
			"Layers with digests '[%s, %s]' required for pushing image into repository with name 'app' in the registry with id '123456789012' do not exist",
			digest(other.config), digest(other.layer))},
		"a tag that is taken": {"PUT", "/v2/immutable/manifests/v1", other.manifest(), 400, said("TAG_INVALID",
			"The image tag 'v1' already exists in the 'immutable' repository and cannot be overwritten because the repository is immutable.")},
		"a digest of another": {"PUT", "/v2/app/manifests/" + other.digest(), p.manifest(), 400, said("MANIFEST_INVALID",
			"The manifest's digest is %s, not %s.", p.digest(), other.digest())},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				for _, name := range []string{"app", "other"} {
					w.repository(name, "")
				}
				w.repository("immutable", types.ImageTagMutabilityImmutable)
				for _, name := range []string{"app", "immutable"} {
					if got := w.push(name, "v1", p); got.Status != 201 {
						t.Fatal(got)
					}
				}
				w.upload("immutable", other)
				got, err := w.ask(c.method, c.path, c.body)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(reply{Status: c.status, Body: c.want}, reply{Status: got.Status, Body: strings.TrimSpace(got.Body)}); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestTokens(t *testing.T) {
	const expired = "Your authorization token has expired. Reauthenticate and try again."
	invalid := reply{Status: 400, Body: said("DENIED", "Your Authorization Token is invalid.")}
	for name, c := range map[string]struct {
		prepare func(w *world)
		user    string
		want    reply
	}{
		"good":         {func(*world) {}, "AWS", reply{Status: 200}},
		"nearly old":   {func(*world) { time.Sleep(12*time.Hour - time.Second) }, "AWS", reply{Status: 200}},
		"old":          {func(*world) { time.Sleep(12 * time.Hour) }, "AWS", reply{Status: 403, Body: said("DENIED", expired)}},
		"taken back":   {func(w *world) { w.locked(w.ecr.ExpireTokens) }, "AWS", reply{Status: 403, Body: said("DENIED", expired)}},
		"made up":      {func(w *world) { w.password = "c2VjcmV0" }, "AWS", invalid},
		"tampered":     {func(w *world) { w.password = "A" + w.password[1:] }, "AWS", invalid},
		"another user": {func(*world) {}, "root", invalid},
		"none":         {func(w *world) { w.password = "" }, "", reply{Status: 401, Body: "Not Authorized\n"}},
		"of a short life": {func(w *world) {
			w.locked(func() {
				w.ecr.SetTokenLife(time.Minute)
				w.password, _ = w.ecr.Token()
			})
			time.Sleep(time.Minute)
		}, "AWS", reply{Status: 403, Body: said("DENIED", expired)}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				c.prepare(w)
				r, err := http.NewRequestWithContext(w.t.Context(), "GET", "https://"+host+"/v2/", nil)
				if err != nil {
					t.Fatal(err)
				}
				if w.password != "" {
					r.SetBasicAuth(c.user, w.password)
				}
				got, err := w.send(r)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(c.want, reply{Status: got.Status, Body: got.Body}); d != "" {
					t.Error(d)
				}
				challenge := got.Header.Get("Www-Authenticate")
				if want := `Basic realm="https://` + host + `/",service="ecr.amazonaws.com"`; (challenge == want) != (got.Status == 401) {
					t.Errorf("challenge %q", challenge)
				}
			})
		})
	}
}

// A token from before is good while a new one is not needed.
func TestTokensAfterExpiry(t *testing.T) {
	in(t, func(w *world) {
		w.locked(w.ecr.ExpireTokens)
		time.Sleep(time.Millisecond)
		w.locked(func() { w.password, _ = w.ecr.Token() })
		w.must("GET", "/v2/", "")
	})
}

func TestFaultsOfTheRegistry(t *testing.T) {
	p := paint("v1")
	layer, manifest := "/v2/app/blobs/"+digest(p.layer), "/v2/app/manifests/v1"
	for name, c := range map[string]struct {
		fault wire.Fault
		path  string
		want  reply
		cut   bool
	}{
		"throttled": {wire.Fault{Operation: "GetManifest", Action: wire.ActionThrottle}, manifest, reply{Status: 429, Body: said("TOOMANYREQUESTS", "Rate exceeded")}, false},
		"denied": {wire.Fault{Action: wire.ActionError, Code: "DENIED", Message: "User: x is not authorized", Status: 403}, manifest,
			reply{Status: 403, Body: said("DENIED", "User: x is not authorized")}, false},
		"an outage":                  {wire.Fault{Service: "registry", Action: wire.ActionCrashBefore}, manifest, reply{}, true},
		"a layer that breaks":        {wire.Fault{Service: "registry", Operation: "GetBlob", Action: wire.ActionCut}, layer, reply{}, true},
		"a reply that is lost":       {wire.Fault{Service: "registry", Action: wire.ActionLostReply}, layer, reply{}, true},
		"of other services not here": {wire.Fault{Service: "ecr", Action: wire.ActionThrottle}, layer, reply{Status: 200, Body: string(p.layer)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.repository("app", "")
				w.push("app", "v1", p)
				w.front.Faults.Add(c.fault)
				got, err := w.ask("GET", c.path, "")
				if cut := errors.Is(err, wire.ErrConnectionCut); cut != c.cut {
					t.Fatalf("got %v, want a cut connection: %v", err, c.cut)
				}
				if d := cmp.Diff(c.want, reply{Status: got.Status, Body: got.Body}); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestStalledPull(t *testing.T) {
	in(t, func(w *world) {
		w.repository("app", "")
		p := paint("v1")
		w.push("app", "v1", p)
		w.front.Faults.Add(wire.Fault{Operation: "GetBlob", Nth: 1, Action: wire.ActionStall})
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "https://"+host+"/v2/app/blobs/"+digest(p.layer), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("AWS", w.password)
		start := time.Now()
		if _, err := w.registry.Do(r); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		synctest.Wait()
	})
}

func TestRequestsOfTheRegistryAreLogged(t *testing.T) {
	in(t, func(w *world) {
		w.repository("app", "")
		w.push("app", "v1", paint("v1"))
		_, _ = w.ask("GET", "/v2/app/manifests/v2", "")
		w.front.Faults.Add(wire.Fault{Operation: "Ping", Action: wire.ActionThrottle})
		_, _ = w.ask("GET", "/v2/", "")
		var got []string
		for _, call := range w.front.Calls.Since(1) { // the repository is the first
			got = append(got, strings.TrimSpace(call.Service+" "+call.Operation+" "+call.Code))
		}
		upload := []string{"registry StartUpload", "registry UploadBlob", "registry FinishUpload"}
		want := append(append(upload[:3:3], upload...), "registry PutManifest", "registry GetManifest 404", "registry Ping TOOMANYREQUESTS")
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}
