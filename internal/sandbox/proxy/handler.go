package proxy

import (
	"net/http"
	"time"
)

// handler answers the requests to a listener on one server.
type handler struct {
	listener *Listener
	forward  *forwarder
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := Exchange{Start: time.Now()}
	settings := h.listener.settings.Load()
	out := &response{ResponseWriter: w, settings: settings}
	if outlived(r.Context(), x.Start, settings.KeepAlive) {
		w.Header().Set("Connection", "close")
	}
	finished := false
	defer func() { // also when the answer is broken off, which net/http does by panic
		x.Duration = time.Since(x.Start)
		x.Status = out.status
		x.Cut = !finished
		if x.Status == 0 {
			x.Status = StatusClientClosed
		}
		h.listener.pool.Finish(x)
		if x.Cut && out.status != 0 {
			http.NewResponseController(w).Flush() //nolint:errcheck // the client gets to see what came, as far as it can
		}
	}()
	h.act(out, r, settings, &x)
	finished = true
}

func (h *handler) act(w *response, r *http.Request, settings *Settings, x *Exchange) {
	rule := choose(settings.Rules, r)
	switch {
	case rule == nil:
		page(w, http.StatusServiceUnavailable)
	case rule.Action.Redirect != nil:
		rule.Action.Redirect.serve(w, h.listener, r)
	case rule.Action.Fixed != nil:
		rule.Action.Fixed.serve(w)
	default:
		x.Lease = h.listener.pool.Acquire(r.Context(), rule.Action.Forward)
		if !x.Lease.Addr.IsValid() {
			page(w, http.StatusServiceUnavailable)
			return
		}
		h.forward.send(w, r, h.listener, rule, x)
	}
}

// response notes the status of an answer and gives it the headers that a listener adds.
type response struct {
	http.ResponseWriter
	settings *Settings
	status   int
}

func (w *response) WriteHeader(status int) {
	if status >= 200 && w.status == 0 {
		w.status = status
		for name, values := range w.settings.ResponseHeaders {
			w.Header()[name] = values
		}
		if w.settings.HideServer {
			w.Header().Del("Server")
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection, to flush streams.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
