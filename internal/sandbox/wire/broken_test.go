package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bluegreen/internal/sandbox/wire"
)

// whatArrives is what a client sees of a reply over a socket when it waits for d at most.
func whatArrives(t *testing.T, h http.Handler, d time.Duration) (body []byte, err error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/?Action=GetCallerIdentity&Version=2011-06-15"+
		"&X-Amz-Credential=AKID%2F20260131%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Signature=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := server.Client().Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	return io.ReadAll(reply.Body)
}

func TestRepliesThatBreak(t *testing.T) {
	blob := wire.Beside{
		Name:      "files",
		Operation: func(*http.Request) string { return "Get" },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			for range 1000 {
				_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
			}
		}),
	}
	for name, front := range map[string]func(*wire.Front) http.Handler{
		"of an API":        func(f *wire.Front) http.Handler { return f },
		"beside the APIs":  func(f *wire.Front) http.Handler { return f.Beside(blob) },
		"without a length": func(f *wire.Front) http.Handler { return f.Beside(unmeasured) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits to see that nothing more comes
			f := answering(func() error { return nil })
			whole, err := whatArrives(t, front(f), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			half := len(whole) / 2
			if name == "without a length" {
				half = 0
			}
			f.Faults.Add(wire.Fault{Nth: 1, Action: wire.ActionCut}, wire.Fault{Nth: 2, Action: wire.ActionStall})
			got, err := whatArrives(t, front(f), time.Minute)
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != half {
				t.Errorf("cut: %d of %d bytes, %v", len(got), len(whole), err)
			}
			got, err = whatArrives(t, front(f), 3*time.Second)
			if !errors.Is(err, context.DeadlineExceeded) || len(got) != half {
				t.Errorf("stalled: %d of %d bytes, %v", len(got), len(whole), err)
			}
			if got, err = whatArrives(t, front(f), time.Minute); err != nil || len(got) != len(whole) {
				t.Errorf("afterwards: %d of %d bytes, %v", len(got), len(whole), err)
			}
		})
	}
}

// unmeasured is a service whose replies are in chunks.
var unmeasured = wire.Beside{
	Name:      "stream",
	Operation: func(*http.Request) string { return "Get" },
	Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = w.Write([]byte("chunk"))
			_ = http.NewResponseController(w).Flush()
		}
	}),
}
