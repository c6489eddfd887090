package serve

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// What is left to clients when the agent stops.
const (
	askWithin    = 200 * time.Millisecond // for the requests of connections that were accepted last
	answerWithin = 2 * time.Second        // for answers that are under way
)

// face is a server with its listener.
type face struct {
	http     *http.Server
	listener net.Listener
	open     atomic.Int64  // connections
	ended    chan struct{} // closed when serve has come back
	err      error         // why it has; to be read after ended
}

func (s *Server) face(h http.Handler, l net.Listener) *face {
	f := &face{listener: l, ended: make(chan struct{})}
	f.http = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				f.open.Add(1)
			case http.StateClosed, http.StateHijacked:
				f.open.Add(-1)
			}
		},
	}
	return f
}

// serve accepts connections until stop, or until the listener fails.
func (f *face) serve() {
	defer close(f.ended)
	f.err = f.http.Serve(f.listener)
}

// stop accepts no more connections, answers those that there are, and ends. Shutdown alone would drop the requests that it
// finds half read; with the listener handed over to the next agent these would be the only ones that get no answer.
func (f *face) stop() {
	_ = f.listener.Close() // it may have failed, which is why we are here
	<-f.ended              // from here on, all that were accepted are counted
	f.http.SetKeepAlivesEnabled(false)
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	for f.open.Load() > 0 && pause(ctx, time.Millisecond) {
	}
	ctx, cancel = context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	if f.http.Shutdown(ctx) != nil {
		_ = f.http.Close() // what goes on for longer is cut
	}
}
