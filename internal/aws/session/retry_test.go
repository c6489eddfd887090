package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/registry"
	"bluegreen/internal/aws/session"
)

// A service that throttles or is broken is asked nine times within 36 seconds, by each call anew.
func TestRetries(t *testing.T) {
	bare(t)
	for name, c := range map[string]struct {
		status int
		body   string
		kind   error
	}{
		"throttled": {http.StatusBadRequest, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, awserr.ErrThrottled},
		"broken":    {http.StatusInternalServerError, `{"__type":"ServerException"}`, awserr.ErrUnreachable},
		"away":      {http.StatusBadGateway, `<html>`, awserr.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, failing := 0, 0
				cfg, err := session.Load(t.Context(), session.Options{
					Instance: (&instance{}).client(),
					HTTP: handler(func(w http.ResponseWriter, _ *http.Request) {
						if calls++; calls > failing {
							_, _ = w.Write([]byte(tokenAnswer))
							return
						}
						w.WriteHeader(c.status)
						_, _ = w.Write([]byte(c.body))
					}),
				})
				if err != nil {
					t.Fatal(err)
				}
				client := registry.New(cfg)
				ask := func(failures int) (int, error) {
					calls, failing = 0, failures
					begun := time.Now()
					_, err := client.Token(t.Context(), shop)
					if took := time.Since(begun); took > 36*time.Second {
						t.Errorf("%d failures took %s", failures, took)
					}
					return calls, err
				}
				for range 100 { // what an hour of outage is
					if n, err := ask(1000); n != 9 || !errors.Is(err, c.kind) {
						t.Fatalf("%d calls, %v", n, err)
					}
				}
				if n, err := ask(8); n != 9 || err != nil {
					t.Errorf("eight failures: %d calls, %v", n, err)
				}
			})
		})
	}
}

// A caller that has no more time gets its error at once.
func TestRetriesEndWithTheContext(t *testing.T) {
	bare(t)
	synctest.Test(t, func(t *testing.T) {
		cfg, err := session.Load(t.Context(), session.Options{
			Instance: (&instance{}).client(),
			HTTP:     handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := registry.New(cfg).Token(ctx, shop); err == nil || time.Since(begun) > 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}
