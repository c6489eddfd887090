package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
)

// ErrConnectionCut is what a client of Transport sees in place of a reply when the handler aborts. It is an
// io.ErrUnexpectedEOF, as on a real connection.
var ErrConnectionCut = fmt.Errorf("the connection was cut: %w", io.ErrUnexpectedEOF)

// Transport calls a handler in place of a network. As over a network, the handler runs in a goroutine of its own, a handler
// that aborts (http.ErrAbortHandler) leaves the client with an error, and when the request's context ends the client is
// gone at once and the handler's context ends. It starts nothing that outlives its calls, so it may be used in a
// testing/synctest bubble.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readAndClose(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	inbound := r.Clone(ctx)
	inbound.Body = io.NopCloser(bytes.NewReader(body))
	inbound.ContentLength = int64(len(body))
	inbound.RequestURI = r.URL.RequestURI()
	inbound.RemoteAddr = "127.0.0.1:1"
	if inbound.Host == "" {
		inbound.Host = r.URL.Host
	}

	w := &replyWriter{header: http.Header{}}
	done := make(chan bool, 1)
	go func() {
		defer cancel()
		done <- t.serve(w, inbound)
	}()
	select {
	case whole := <-done:
		if !whole {
			return nil, ErrConnectionCut
		}
		return w.response(r), nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// serve runs the handler; false when it aborted. Like net/http's server it survives a handler's panic, and logs it.
func (t transport) serve(w http.ResponseWriter, r *http.Request) (whole bool) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // net/http's server compares so
			slog.Error("a handler panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	t.handler.ServeHTTP(w, r)
	return true
}

// replyWriter keeps what a handler writes.
type replyWriter struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
}

func (w *replyWriter) Header() http.Header { return w.header }

func (w *replyWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *replyWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *replyWriter) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:     strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        w.sent,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}
}

func readAndClose(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	content, err := io.ReadAll(body)
	return content, errors.Join(err, body.Close())
}
