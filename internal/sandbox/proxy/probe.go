package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"bluegreen/internal/sandbox/fabric"
)

// Probe is a health check of one target: a GET that must be answered in time with a wanted status.
type Probe struct {
	Addr    netip.AddrPort
	TLS     bool
	Path    string
	Timeout time.Duration
	Want    func(status int) bool
}

// ProbeFault is what was wrong with the answer to a probe.
type ProbeFault int

// What a probe can find.
const (
	Passed   ProbeFault = iota
	Mismatch            // an answer with another status
	TimedOut            // no answer in time
	Failed              // no connection, or no HTTP
)

// ProbeResult is the outcome of a probe.
type ProbeResult struct {
	Fault  ProbeFault
	Status int // 0 without an answer
}

// Run makes the check. A cancelled ctx ends it as Failed.
func (p Probe) Run(ctx context.Context, f *fabric.Fabric) ProbeResult {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	scheme := "http"
	if p.TLS {
		scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s://%s%s", scheme, p.Addr, p.Path), nil)
	if err != nil {
		return ProbeResult{Fault: Failed}
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	transport := &http.Transport{
		DialContext:       f.DialContext,
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // as for requests: targets are not verified
	}
	res, err := transport.RoundTrip(req)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ProbeResult{Fault: TimedOut}
	case err != nil:
		return ProbeResult{Fault: Failed}
	}
	res.Body.Close() //nolint:errcheck // only the status counts
	if !p.Want(res.StatusCode) {
		return ProbeResult{Fault: Mismatch, Status: res.StatusCode}
	}
	return ProbeResult{Fault: Passed, Status: res.StatusCode}
}
