package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"bluegreen/internal/sandbox/fabric"
)

// forwarder sends requests to targets.
type forwarder struct {
	transport *http.Transport
	dial      func(ctx context.Context, network, addr string) (net.Conn, error)
}

func newForwarder(f *fabric.Fabric) *forwarder {
	fw := &forwarder{dial: f.DialContext}
	fw.transport = &http.Transport{
		DialContext: fw.connect,
		// A transport replays a request when a connection that it *reused* turns out to be dead. Without reuse there is
		// no replay.
		DisableKeepAlives:  true,
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, // load balancers do not verify their targets
	}
	return fw
}

var (
	errIdle    = errors.New("the target was silent for too long")
	errConnect = errors.New("the target did not accept a connection in time")
)

// flushInterval is how long bytes of an answer may wait for more of them. An answer that comes at once is counted before
// the client has all of it.
const flushInterval = 10 * time.Millisecond

// connectError is a connection to a target that did not come about.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

type connectTimeoutKey struct{}

func (fw *forwarder) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	limit, _ := ctx.Value(connectTimeoutKey{}).(time.Duration)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errConnect)
	defer cancel()
	conn, err := fw.dial(ctx, network, addr)
	if err == nil {
		return conn, nil
	}
	if errors.Is(context.Cause(ctx), errConnect) {
		err = errConnect
	}
	return nil, connectError{err}
}

// send passes a request to the target of its lease and the answer back.
func (fw *forwarder) send(w *response, r *http.Request, l *Listener, rule *Rule, x *Exchange) {
	settings := w.settings
	ctx, cancel := context.WithCancelCause(context.WithValue(x.Lease.Context, connectTimeoutKey{}, settings.ConnectTimeout))
	defer cancel(nil)
	guard := watch(settings.TargetTimeout, func() { cancel(errIdle) })
	defer guard.stop()

	body := &guarded{ReadCloser: r.Body, guard: guard}
	in := r.WithContext(ctx)
	in.Body = body
	in.Header = in.Header.Clone()
	in.Header.Del("Upgrade") // a protocol switch would leave HTTP, and with it drains and counts
	sent := time.Now()
	proxy := &httputil.ReverseProxy{
		Transport:     fw.transport,
		FlushInterval: flushInterval,
		ErrorLog:      log.New(io.Discard, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme = "http"
			if x.Lease.TLS {
				p.Out.URL.Scheme = "https"
			}
			p.Out.URL.Host = x.Lease.Addr.String()
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			forwardedHeaders(p.Out.Header, r, l, settings)
			for _, rewrite := range rule.Rewrites {
				rewrite(p.Out)
			}
		},
		ModifyResponse: func(res *http.Response) error {
			x.TargetTime = time.Since(sent)
			x.TargetStatus = res.StatusCode
			guard.progress()
			res.Body = &guarded{ReadCloser: res.Body, guard: guard}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			var noConn connectError
			x.ConnectError = errors.As(err, &noConn) && r.Context().Err() == nil
			status := failure(err, ctx, r.Context(), body)
			if status == StatusClientClosed {
				panic(http.ErrAbortHandler) // to return would be to answer "200 OK"
			}
			page(w, status)
		},
	}
	proxy.ServeHTTP(w, in)
}

// failure is the status for a request whose target gave no answer.
func failure(err error, ctx, client context.Context, body *guarded) int {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrDeregistered):
		return http.StatusBadGateway
	case errors.Is(cause, errIdle), errors.Is(err, errConnect):
		return http.StatusGatewayTimeout
	case client.Err() != nil:
		return StatusClientClosed
	case body.failed.Load():
		return http.StatusBadRequest
	}
	return http.StatusBadGateway
}
