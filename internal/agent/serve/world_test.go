package serve

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is a fixed moment, so many seconds after the agent's start.
func at(seconds int) time.Time {
	return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

// full is a status with everything in it.
func full() Status {
	return Status{
		Now: at(7260), App: "flask-app", Color: "green", Instance: "i-0abc", Version: "v2", Phase: Serving, Why: "healthy", Since: at(60),
		Health: Health{Ready: true, Status: "healthy", AgeMS: 1200},
		Image:  Image{Configured: "flask-app:v2", Digest: "sha256:4f2c", Created: at(-3 * 86400)},
		Config: "9f3ae1",
		Container: &Container{ID: "0123456789abcdef", Name: "flask-app-3", Generation: 3, State: "running", Started: at(30), Restarts: 2,
			Usage: &Usage{Measured: at(7230), Memory: 120_000_000, MemoryLimit: 512_000_000, CPUSeconds: 12.5, PIDs: 14}},
		Pull:      &Pull{Layers: 9, LayersDone: 3, Bytes: 120_400_000, TotalBytes: 1_400_000_000, Status: "Downloading"},
		Lifecycle: "InService",
		Errors:    []Trouble{{Time: at(7200), What: "pull flask-app:v3", Error: "no such image", Count: 3}, {Time: at(10), What: "ask IMDS", Error: "refused", Count: 1}},
		Agent:     Agent{Version: "1.2.0", Started: at(0), PID: 812},
	}
}

// server is one whose board shows a status, with a verdict and a life that the test decides on.
func server(s Status, h *Health, alive *error) *Server {
	board := NewBoard(s, func() Health { return *h })
	return New(Options{Board: board, Live: func() error { return *alive }, Metrics: NewMetrics(board.Status).Handler()})
}

// answer is what a client sees.
type answer struct {
	Status int
	Type   string
	Body   string
}

func get(h http.Handler, method, path string) (answer, http.Header) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return answer{w.Code, w.Header().Get("Content-Type"), strings.TrimSuffix(w.Body.String(), "\n")}, w.Header()
}

// running is a server that listens, and its two addresses. Stop ends it and says how it ended.
type running struct {
	public, admin string
	stop          func() error
}

func run(t *testing.T, s *Server, public net.Listener) running {
	t.Helper()
	if public == nil {
		public = listen(t, "127.0.0.1:0", nil)
	}
	admin := listen(t, "127.0.0.1:0", nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, public, admin) }()
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return running{"http://" + public.Addr().String(), "http://" + admin.Addr().String(), stop}
}

func listen(t *testing.T, addr string, inherited net.Listener) net.Listener {
	t.Helper()
	l, err := Listen(t.Context(), addr, inherited)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
