package app

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// The headers that say who answered.
const (
	VersionHeader  = "X-App-Version"
	ColorHeader    = "X-App-Color"
	InstanceHeader = "X-Instance-Id"
)

// handler answers requests for as long as its app stays up once.
type handler struct {
	app   *app
	since time.Time
}

// reply is the body of every answer.
type reply struct {
	Version  string `json:"version"`
	Color    string `json:"color,omitempty"`
	Instance string `json:"instance"`
	Status   int    `json:"status"`
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if r.URL.Path == h.app.behavior.Health {
		h.answer(w, h.health())
		return
	}
	if !pause(r, h.latency()) {
		return
	}
	h.answer(w, h.status())
}

func (h *handler) answer(w http.ResponseWriter, status int) {
	a := h.app
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set(VersionHeader, a.version)
	w.Header().Set(InstanceHeader, a.instanceID)
	if a.color != "" {
		w.Header().Set(ColorHeader, a.color)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(reply{Version: a.version, Color: a.color, Instance: a.instanceID, Status: status})
}

func (h *handler) health() int {
	if h.app.behavior.Unhealthy {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func (h *handler) status() int {
	b, acct := h.app.behavior, h.app.host.account
	if b.Errors == 0 || time.Since(h.since) < acct.Scaled(b.ErrorsAfter) {
		return http.StatusOK
	}
	acct.Lock()
	failed := acct.Float64() < b.Errors
	acct.Unlock()
	if failed {
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// latency is what a request takes now: the constant part, and the part that decays while the app warms up.
func (h *handler) latency() time.Duration {
	b := h.app.behavior
	warmUp := h.app.host.account.Scaled(b.SlowStart)
	if left := warmUp - time.Since(h.since); left > 0 {
		return b.Latency + time.Duration(float64(SlowStartPeak)*float64(left)/float64(warmUp))
	}
	return b.Latency
}

// pause waits unless the client goes away first.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
