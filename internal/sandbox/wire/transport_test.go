package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/sandbox/wire"
)

func TestTransport(t *testing.T) {
	client := &http.Client{Transport: wire.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Host+" "+r.Method+" "+r.RequestURI+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "not sent")
		_, _ = io.WriteString(w, "short and stout")
	}))}
	response, err := client.Post("http://sandbox:80/a/b?c=d", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusTeapot || string(body) != "short and stout" {
		t.Errorf("got %s %q", response.Status, body)
	}
	if got, want := response.Header.Get("X-Seen"), "sandbox:80 POST /a/b?c=d body"; got != want {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
	if response.Header.Get("X-Late") != "" {
		t.Error("a header that was set after the status was sent")
	}
}

func TestTransportHandlerThatDoesNotEnd(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"aborts": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"panics after it began": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			panic("out of cheese")
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: wire.Transport(handler)}
			request, err := http.NewRequestWithContext(t.Context(), "GET", "http://sandbox/", nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := failure(t, client, request); !errors.Is(err, wire.ErrConnectionCut) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A client that gives up is gone at once; the handler learns of it from its context.
func TestTransportClientThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told bool
		client := &http.Client{Transport: wire.Transport(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			time.Sleep(time.Hour)
			told = true
		}))}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, "GET", "http://sandbox/", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := failure(t, client, request); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if !told {
			t.Error("the handler was not told")
		}

		if err := failure(t, client, request); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a request whose context has ended: %v", err)
		}
	})
}

// failure is the error of a request that must not be answered.
func failure(t *testing.T, client *http.Client, request *http.Request) error {
	t.Helper()
	response, err := client.Do(request)
	if err == nil {
		t.Errorf("answered with %s", response.Status)
		return response.Body.Close()
	}
	return err
}
