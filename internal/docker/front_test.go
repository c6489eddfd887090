package docker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// front stands before a real engine. It can make it look like one of another version, and sees when a client hangs up.
type front struct {
	host    string
	version atomic.Pointer[string] // as it is when nil
	active  atomic.Int32           // requests
	hasty   atomic.Bool            // it ends pulls as if they were done
}

func newFront(t *testing.T, host string) *front {
	t.Helper()
	f := &front{host: "unix://" + filepath.Join(t.TempDir(), "front.sock")}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.FlushInterval = -1
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {} // a client that hangs up is no news
	proxy.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(host, "unix://"))
	}}
	proxy.ModifyResponse = func(r *http.Response) error {
		if version := f.version.Load(); version != nil {
			r.Header.Set("Api-Version", *version)
		}
		return nil
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.active.Add(1)
		defer f.active.Add(-1)
		if f.refuse(w, r) {
			return
		}
		if f.hasty.Load() && strings.HasSuffix(r.URL.Path, "/images/create") {
			fmt.Fprintln(w, `{"status":"Pulling from shop/web","id":"1"}`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	l, err := net.Listen("unix", strings.TrimPrefix(f.host, "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return f
}

// refuse answers as an engine does that has only one version.
func (f *front) refuse(w http.ResponseWriter, r *http.Request) bool {
	version, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
	only := f.version.Load()
	if only == nil || r.URL.Path == "/_ping" || version == *only {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(map[string]string{"message": fmt.Sprintf(
		"client version %s is too old. Minimum supported API version is %s, please upgrade your client to a newer version", version, *only)})
	return true
}
