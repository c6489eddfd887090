package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxBody is how much of a body is read and looked at.
	maxBody = 1 << 20
	// shownBody is how much of a body that was not expected is shown.
	shownBody = 80
)

// DialContext connects, like net.Dialer.DialContext.
type DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

// Probe asks a target. It may be used from several goroutines at once.
type Probe struct {
	target   Target
	statuses Statuses
	body     func([]byte) bool
	client   *http.Client
}

// New checks a target and reports all that is wrong with it at once. Connections are made by dial, a net.Dialer's when nil.
func New(t Target, dial DialContext) (*Probe, error) {
	t = t.withDefaults()
	statuses, errStatus := ParseStatuses(t.ExpectStatus)
	body, errBody := bodyMatcher(t.ExpectBody)
	config, errTLS := t.tlsConfig()
	if err := errors.Join(t.check(), errStatus, errBody, errTLS); err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &Probe{
		target: t, statuses: statuses, body: body,
		client: &http.Client{
			Transport: &http.Transport{
				DialContext: dial, TLSClientConfig: config, TLSHandshakeTimeout: t.Timeout,
				DisableKeepAlives: true, DisableCompression: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Once asks every address of the target once, all at the same time.
func (p *Probe) Once(ctx context.Context) Results {
	results := make(Results, len(p.target.Addrs))
	var all sync.WaitGroup
	for i, addr := range p.target.Addrs {
		all.Go(func() { results[i] = p.ask(ctx, addr) })
	}
	all.Wait()
	return results
}

// ask takes one sample.
func (p *Probe) ask(ctx context.Context, addr string) Result {
	r := Result{Addr: addr}
	timeout := fmt.Errorf("no answer within %v: %w", p.target.Timeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, p.target.Timeout, timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { r.RemoteAddr = c.Conn.RemoteAddr().String() },
	})
	start := time.Now()
	status, body, err := p.request(ctx, addr)
	r.Latency, r.Status = time.Since(start), status
	switch {
	case err != nil && ctx.Err() != nil:
		r.Err = context.Cause(ctx)
	case err != nil:
		r.Err = err
	case !p.statuses.Contains(status):
		r.Err = fmt.Errorf("status %d, want %s%s", status, p.target.ExpectStatus, shown(body))
	case p.body != nil && !p.body(body):
		r.Err = fmt.Errorf("status %d, but the body does not have %s%s", status, p.target.ExpectBody, shown(body))
	}
	return r
}

func (p *Probe) request(ctx context.Context, addr string) (status int, body []byte, err error) {
	u := p.target.Scheme + "://" + net.JoinHostPort(addr, strconv.Itoa(p.target.Port)) + p.target.Path
	req, err := http.NewRequestWithContext(ctx, p.target.Method, u, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Host = p.target.Host
	req.Header.Set("User-Agent", "bluegreen-probe")
	resp, err := p.client.Do(req)
	if err != nil {
		// The method and the URL, which url.Error adds, are the caller's to say.
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return resp.StatusCode, nil, fmt.Errorf("read the body after status %d: %w", resp.StatusCode, err)
	}
	return resp.StatusCode, body, nil
}

// shown is the beginning of a body, for a message.
func shown(body []byte) string {
	line := strings.Join(strings.Fields(string(bytes.ToValidUTF8(body[:min(len(body), 4*shownBody)], nil))), " ")
	if line == "" {
		return ""
	}
	if runes := []rune(line); len(runes) > shownBody {
		line = string(runes[:shownBody]) + "…"
	}
	return fmt.Sprintf(" (%q)", line)
}
