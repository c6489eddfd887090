// Package serve answers over HTTP: /health and /live to load balancers and whoever else asks, /status and /metrics besides to
// the host itself. No answer waits for Docker, or for anything else: all of them are about what is known already.
package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"golang.org/x/net/netutil"
)

// Limits of the servers. A load balancer needs a connection or two for each of its nodes.
const (
	publicConnections = 256
	adminConnections  = 32
	maxHeader         = 8 << 10
)

// Options of a Server.
type Options struct {
	Board   *Board
	Live    func() error // why the agent itself is not well; nil for well. It must not block.
	Metrics http.Handler // of /metrics
	Log     *slog.Logger // gets what clients do wrong, at debug level; may be nil
}

// Server has the two faces of the agent.
type Server struct{ options Options }

// New makes a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{o}
}

// Serve answers until ctx ends, and lets answers that are under way go out. It closes the listeners. Its error says that one
// of them failed.
func (s *Server) Serve(ctx context.Context, public, admin net.Listener) error {
	faces := []*face{
		s.face(s.Public(), netutil.LimitListener(public, publicConnections)),
		s.face(s.Admin(), netutil.LimitListener(admin, adminConnections)),
	}
	for _, f := range faces {
		go f.serve()
	}
	var failure error
	select {
	case <-ctx.Done():
	case <-faces[0].ended:
		failure = faces[0].err
	case <-faces[1].ended:
		failure = faces[1].err
	}
	var all sync.WaitGroup
	for _, f := range faces {
		all.Go(f.stop)
	}
	all.Wait()
	if failure != nil {
		return fmt.Errorf("serve: %w", failure)
	}
	return nil
}

// routes is a path to an answer. All there is can be asked for by GET and HEAD, and takes no body.
type routes map[string]http.HandlerFunc

func (rs routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, ok := rs[r.URL.Path]
	w.Header()["Cache-Control"] = noStore
	switch {
	case !ok:
		reply(w, http.StatusNotFound, problem{"there is nothing here"})
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		reply(w, http.StatusMethodNotAllowed, problem{"use GET or HEAD"})
	default:
		answer(w, r)
	}
}

// Public has /health and /live.
func (s *Server) Public() http.Handler {
	return routes{"/health": s.health, "/live": s.live}
}

// Admin has /status and /metrics, too.
func (s *Server) Admin() http.Handler {
	return routes{"/health": s.health, "/live": s.live, "/status": s.status, "/metrics": s.options.Metrics.ServeHTTP}
}

type problem struct {
	Error string `json:"error"`
}

type health struct {
	Status  string `json:"status"`
	Phase   Phase  `json:"phase"`
	AgeMS   int64  `json:"age_ms"`
	Reason  string `json:"reason"`
	Version string `json:"version"`
	Color   string `json:"color"`
}

// health is 200 when the app is ready for traffic, 503 when it is not or not known to be.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	h := s.options.Board.health()
	body := health{Status: h.Status, AgeMS: h.AgeMS, Reason: h.Reason}
	body.Phase, body.Version, body.Color = s.options.Board.brief()
	reply(w, ready(h.Ready), body)
}

type live struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// live is about the agent and not the app.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	if err := s.options.Live(); err != nil {
		reply(w, http.StatusServiceUnavailable, live{"stuck", clean(err.Error())})
		return
	}
	reply(w, http.StatusOK, live{Status: "live"})
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, s.options.Board.Status())
}

func ready(ok bool) int {
	if ok {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// Values of headers, made once: /health is asked for a lot.
var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
)

// reply answers. To HEAD, net/http sends the header of what is written here, and not the body.
func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that is gone needs no answer
}
