package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"bluegreen/internal/probe"
)

// maxBody is how much of a body is waited for. An app that says more than that has answered.
const maxBody = 1 << 20

// HTTP says how to ask an app by a request.
type HTTP struct {
	Addr   string            // host:port to connect to
	Path   string            // with its query, which no message shows; "/health" when empty
	Host   string            // the Host header; Addr when empty
	Expect string            // statuses that are good: "200" or "200-299,304"; "200-399" when empty
	TLS    bool              // the certificate is not verified: it is for the public name, which this is not
	Dial   probe.DialContext // a net.Dialer's when nil
}

type httpProber struct {
	what     string // for messages
	request  *http.Request
	expect   string
	statuses probe.Statuses
	client   *http.Client
}

// Prober makes the prober and reports all that is wrong at once. Each probe has a connection of its own, which tells
// whether the app still accepts any; proxies of the environment are not used, and no redirect is followed: what an app
// says about another address is no news of this one.
func (h HTTP) Prober() (Prober, error) {
	set(&h.Path, "/health")
	set(&h.Expect, "200-399")
	if h.Dial == nil {
		h.Dial = new(net.Dialer).DialContext
	}
	statuses, errStatus := probe.ParseStatuses(h.Expect)
	request, errRequest := h.request()
	if err := errors.Join(errStatus, errRequest); err != nil {
		return nil, err
	}
	what := "GET " + request.URL.Scheme + "://" + h.Addr + request.URL.Path
	return &httpProber{what: what, request: request, expect: h.Expect, statuses: statuses, client: &http.Client{
		Transport: &http.Transport{
			DialContext: h.Dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see HTTP.TLS
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (h HTTP) request() (*http.Request, error) {
	if _, _, err := net.SplitHostPort(h.Addr); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	if !strings.HasPrefix(h.Path, "/") {
		return nil, fmt.Errorf("path: %q does not begin with a slash", h.Path)
	}
	if strings.ContainsAny(h.Host, "/ \r\n") {
		return nil, fmt.Errorf("host: %q is not a host name", h.Host)
	}
	scheme := "http"
	if h.TLS {
		scheme = "https"
	}
	request, err := http.NewRequest(http.MethodGet, scheme+"://"+h.Addr+h.Path, nil)
	if err != nil {
		return nil, fmt.Errorf("path: %w", err)
	}
	request.Host = h.Host
	request.Header.Set("User-Agent", "bluegreen-agent")
	return request, nil
}

// Probe asks once. Its errors have nothing of the body in them: /health shows them to whoever asks.
func (p *httpProber) Probe(ctx context.Context) error {
	if err := p.ask(ctx); err != nil {
		return fmt.Errorf("%s: %w", p.what, err)
	}
	return nil
}

func (p *httpProber) ask(ctx context.Context) error {
	resp, err := p.client.Do(p.request.Clone(ctx))
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return because(ctx, bare(err))
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)); err != nil {
		return fmt.Errorf("read the body after status %d: %w", resp.StatusCode, because(ctx, err))
	}
	if !p.statuses.Contains(resp.StatusCode) {
		return fmt.Errorf("status %d, want %s", resp.StatusCode, p.expect)
	}
	return nil
}

// because is why a probe failed: that its time was over says more than what broke off then.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
