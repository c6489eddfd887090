package docker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

func TestMain(m *testing.M) { os.Exit(dockertest.Main(m, dockertest.Measured())) }

// bench is an engine, and an image of the test app in it.
type bench struct {
	*dockertest.Daemon
	engine *docker.Engine
	image  string
}

// shared is a bench on the engine that all tests use.
func shared(t *testing.T) bench { return newBench(t, dockertest.Shared(t)) }

// private is a bench on an engine that the test may break.
func private(t *testing.T, opts ...dockertest.Option) bench {
	return newBench(t, dockertest.Start(t, opts...))
}

func newBench(t *testing.T, d *dockertest.Daemon) bench {
	t.Helper()
	b := bench{Daemon: d, engine: d.Engine(t), image: "test/app:1"}
	if _, err := b.engine.Image(t.Context(), b.image); err != nil {
		d.Load(t, dockertest.BuildApp(t, dockertest.App{Version: "v1"}), b.image)
	}
	return b
}

// create creates a container, which is gone when the test ends.
func (b bench) create(t *testing.T, s docker.Spec) string {
	t.Helper()
	if s.Image == "" {
		s.Image = b.image
	}
	id, err := b.engine.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		b.engine.Stop(ctx, id, 0)
		b.engine.Remove(ctx, id)
	})
	return id
}

// run creates a container with a port on the loopback interface, starts it, and waits for it to serve.
func (b bench) run(t *testing.T, s docker.Spec) (id, url string) {
	t.Helper()
	s.Ports = append(s.Ports, docker.Port{HostIP: "127.0.0.1", Container: 8080})
	id = b.create(t, s)
	if err := b.engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	url = b.url(t, id)
	eventually(t, "the app serves", func() bool { return serves(url) })
	return id, url
}

// url is where a container with a port on the loopback interface serves.
func (b bench) url(t *testing.T, id string) string {
	t.Helper()
	return fmt.Sprintf("http://127.0.0.1:%d", b.container(t, id).Ports[0].Host)
}

func serves(url string) bool {
	resp, err := http.Get(url)
	if err == nil {
		resp.Body.Close()
	}
	return err == nil
}

func (b bench) container(t *testing.T, id string) docker.Container {
	t.Helper()
	c, err := b.engine.Container(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// until waits for a container to be in a state.
func (b bench) until(t *testing.T, id, state string) docker.Container {
	t.Helper()
	eventually(t, "the container is "+state, func() bool { return b.container(t, id).State == state })
	return b.container(t, id)
}

// inspect asks the engine itself, past the package under test.
func (b bench) inspect(t *testing.T, id string, into any) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(b.Host, "unix://"))
	}}
	resp, err := (&http.Client{Transport: transport}).Get("http://docker/containers/" + id + "/json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// eventually waits for something outside of this process, for which no clock can be faked.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}

func post(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Post(url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// listen takes a port until the test ends.
func listen(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// volumeImage loads an image with a VOLUME.
func volumeImage(t *testing.T, b bench) string {
	t.Helper()
	image, err := dockertest.NewImage(runtime.GOARCH, dockertest.Config{
		Entrypoint: []string{"/none"}, Volumes: map[string]struct{}{"/data": {}},
	}, []dockertest.File{{Path: "data/", Mode: 0o755}})
	if err != nil {
		t.Fatal(err)
	}
	b.Load(t, image, "test/volume:1")
	return "test/volume:1"
}

// crash has the app end with a code.
func crash(url string, code int) {
	if resp, err := http.Post(fmt.Sprintf("%s/crash?code=%d", url, code), "", nil); err == nil {
		resp.Body.Close()
	}
}

// hog has the app take more memory than any test gives it. Nobody is left to answer.
func hog(url string) {
	if resp, err := http.Post(url+"/hog?bytes=300000000", "", nil); err == nil {
		resp.Body.Close()
	}
}
