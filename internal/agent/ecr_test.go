package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox"
)

// overheard is what somebody on the wire has seen and nobody else must see.
type overheard struct {
	mu  sync.Mutex
	all map[string][]string // by what it is
}

func (o *overheard) note(what, secret string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[string][]string{}
	}
	o.all[what] = append(o.all[what], secret)
}

func (o *overheard) list(what string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.all[what]...)
}

// What is overheard.
const (
	ecrToken   = "token of ECR"
	roleSecret = "secret of the role"
	imdsToken  = "token of the metadata service"
)

// withECR starts an engine for which the registry of an account has the name that it has on AWS: it reaches it through a
// proxy, and trusts its certificate.
func withECR(t *testing.T, heard *overheard) func(*sandbox.Sandbox) *dockertest.Daemon {
	return func(sb *sandbox.Sandbox) *dockertest.Daemon {
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, sb.CAPEM(), 0o600); err != nil {
			t.Fatal(err)
		}
		registry := sb.Registry()
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, given := r.BasicAuth(); given {
				heard.note(ecrToken, password)
			}
			registry.ServeHTTP(w, r)
		}))
		server.TLS = sb.TLSConfig()
		server.StartTLS()
		proxy := httptest.NewServer(tunnel(server.Listener.Addr().String()))
		t.Cleanup(func() {
			for _, s := range []*httptest.Server{proxy, server} {
				s.CloseClientConnections()
				s.Close()
			}
		})
		for name, value := range map[string]string{"HTTPS_PROXY": proxy.URL, "SSL_CERT_FILE": ca} {
			t.Setenv(name, value) // for the engine
			defer t.Setenv(name, "")
		}
		return dockertest.Start(t)
	}
}

// tunnel is a proxy through which there is only one place to get to.
func tunnel(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", to)
		if r.Method != http.MethodConnect || err != nil {
			http.Error(w, fmt.Sprint(err), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
		ended := make(chan struct{}, 2)
		for _, way := range [][2]net.Conn{{here, there}, {there, here}} {
			go func() {
				_, _ = io.Copy(way[0], way[1]) // until one of them hangs up
				ended <- struct{}{}
			}()
		}
		<-ended
	})
}

// overhearMetadata stands between the instance and its metadata service, which it can take away.
func (w *world) overhearMetadata(heard *overheard) (away *atomic.Bool) {
	w.t.Helper()
	away = &atomic.Bool{}
	service := w.sb.IMDS(w.instance)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, r)
		body := answer.Body.String()
		var role struct{ SecretAccessKey, Token string }
		switch {
		case strings.HasSuffix(r.URL.Path, "/api/token"):
			heard.note(imdsToken, body)
		case json.Unmarshal([]byte(body), &role) == nil && role.SecretAccessKey != "":
			heard.note(roleSecret, role.SecretAccessKey)
			heard.note(roleSecret, role.Token)
		}
		for name, values := range answer.Header() {
			out.Header()[name] = values
		}
		out.WriteHeader(answer.Code)
		_, _ = io.WriteString(out, body)
	}))
	w.t.Cleanup(server.Close)
	w.t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	return away
}

// pushToECR puts a version of the app into the account's registry under a tag, and returns the reference.
func (w *world) pushToECR(app dockertest.App, tag string) string {
	w.t.Helper()
	repository := "team/" + w.app
	client := ecr.NewFromConfig(w.config())
	if _, err := client.CreateRepository(w.t.Context(), &ecr.CreateRepositoryInput{RepositoryName: &repository}); err != nil && !strings.Contains(err.Error(), "AlreadyExists") {
		w.t.Fatal(err)
	}
	source := dockertest.StartRegistry(w.t)
	source.Push(w.t, dockertest.BuildApp(w.t, app), w.app, tag)
	from := "http://" + source.Host + "/v2/" + w.app
	content, kind := w.fetch(from + "/manifests/" + tag)
	var manifest struct {
		Config struct{ Digest string }
		Layers []struct{ Digest string }
	}
	if err := json.Unmarshal([]byte(content), &manifest); err != nil {
		w.t.Fatal(err)
	}
	for _, part := range append(manifest.Layers, manifest.Config) {
		blob, _ := w.fetch(from + "/blobs/" + part.Digest)
		w.intoECR(http.MethodPost, repository+"/blobs/uploads/?digest="+part.Digest, "application/octet-stream", blob)
	}
	w.intoECR(http.MethodPut, repository+"/manifests/"+tag, kind, content)
	w.sb.Account.Lock()
	defer w.sb.Account.Unlock()
	return w.sb.Images.Host() + "/" + repository + ":" + tag
}

func (w *world) fetch(url string) (body, contentType string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s %v", url, answer.Status, err)
	}
	return string(text), answer.Header.Get("Content-Type")
}

func (w *world) intoECR(method, path, contentType, body string) {
	w.t.Helper()
	w.sb.Account.Lock()
	password, _ := w.sb.Images.Token()
	w.sb.Account.Unlock()
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/v2/"+path, strings.NewReader(body))
	r.SetBasicAuth("AWS", password)
	r.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	w.sb.Registry().ServeHTTP(answer, r)
	if answer.Code != http.StatusCreated {
		w.t.Fatalf("%s %s: %d: %s", method, path, answer.Code, answer.Body)
	}
}
