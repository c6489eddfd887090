package wire_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bluegreen/internal/sandbox/wire"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// notes is a service beside the APIs that counts what is written.
func notes(effects *atomic.Int32) wire.Beside {
	return wire.Beside{
		Name:      "notes",
		Operation: func(r *http.Request) string { return r.Method },
		Refuse: func(w http.ResponseWriter, e *wire.Error) {
			http.Error(w, e.Code+" "+e.Message, e.Status)
		},
		Throttled: wire.Error{Code: "Slower", Message: "please", Status: 429},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				effects.Add(1)
				_, _ = io.WriteString(w, "noted")
			case "/silent":
				effects.Add(1)
			default:
				http.NotFound(w, r)
			}
		}),
	}
}

func TestBeside(t *testing.T) {
	type seen struct {
		Status  int
		Body    string
		Cut     bool
		Effects int32
		Code    string // in the log
		Action  wire.Action
	}
	for name, c := range map[string]struct {
		fault *wire.Fault
		path  string
		want  seen
	}{
		"without faults":    {nil, "/", seen{200, "noted", false, 1, "", ""}},
		"without a word":    {nil, "/silent", seen{200, "", false, 1, "", ""}},
		"an error of its":   {nil, "/nothing", seen{404, "404 page not found\n", false, 0, "404", ""}},
		"error":             {&wire.Fault{Action: wire.ActionError, Code: "Boom", Message: "no", Status: 503}, "/", seen{503, "Boom no\n", false, 0, "Boom", "error"}},
		"error without one": {&wire.Fault{Action: wire.ActionError, Code: "Boom"}, "/", seen{400, "Boom \n", false, 0, "Boom", "error"}},
		"throttle":          {&wire.Fault{Action: wire.ActionThrottle}, "/", seen{429, "Slower please\n", false, 0, "Slower", "throttle"}},
		"lost reply":        {&wire.Fault{Action: wire.ActionLostReply}, "/", seen{0, "", true, 1, "", "lost-reply"}},
		"crash before":      {&wire.Fault{Action: wire.ActionCrashBefore}, "/", seen{0, "", true, 0, "RequestAborted", "crash-before"}},
		"crash after":       {&wire.Fault{Action: wire.ActionCrashAfter}, "/silent", seen{0, "", true, 1, "", "crash-after"}},
		"cut":               {&wire.Fault{Action: wire.ActionCut}, "/", seen{0, "", true, 1, "", "cut"}},
		"cut without reply": {&wire.Fault{Action: wire.ActionCut}, "/silent", seen{0, "", true, 1, "", "cut"}},
		"of another":        {&wire.Fault{Service: "ec2", Action: wire.ActionThrottle}, "/", seen{200, "noted", false, 1, "", ""}},
		"of an operation":   {&wire.Fault{Service: "notes", Operation: "GET", Action: wire.ActionThrottle}, "/", seen{429, "Slower please\n", false, 0, "Slower", "throttle"}},
	} {
		t.Run(name, func(t *testing.T) {
			var effects atomic.Int32
			front := answering(func() error { return nil })
			if c.fault != nil {
				front.Faults.Add(*c.fault)
			}
			client := &http.Client{Transport: wire.Transport(front.Beside(notes(&effects)))}
			var got seen
			reply, err := client.Get("http://notes" + c.path)
			if got.Cut = errors.Is(err, wire.ErrConnectionCut); err == nil {
				body, err := io.ReadAll(reply.Body)
				if err != nil {
					t.Fatal(err)
				}
				got.Status, got.Body = reply.StatusCode, string(body)
			}
			calls := front.Calls.Since(0)
			if len(calls) != 1 {
				t.Fatalf("%d calls in the log", len(calls))
			}
			got.Effects, got.Code, got.Action = effects.Load(), calls[0].Code, calls[0].Fault
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			want := wire.Call{
				Seq: 1, RequestID: calls[0].RequestID, Service: "notes", Operation: "GET", Code: c.want.Code, Fault: c.want.Action,
				Input: &wire.HTTPRequest{Method: "GET", Host: "notes", Path: c.path},
			}
			if d := cmp.Diff(want, calls[0], cmpopts.IgnoreFields(wire.Call{}, "Time", "Duration")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLatencyBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var effects atomic.Int32
		front := answering(func() error { return nil })
		front.Latency.Set("notes", "", time.Second)
		w := httptest.NewRecorder()
		start := time.Now()
		front.Beside(notes(&effects)).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
		if got := time.Since(start); got != time.Second || w.Body.String() != "noted" {
			t.Errorf("%q after %v", w.Body, got)
		}
	})
}
