package wire

import (
	"net/http"
	"strconv"
	"time"
)

// Beside is an HTTP service that is not an API but stands beside them: a container registry, the metadata service of an
// instance. Its handler locks the account itself.
type Beside struct {
	Name      string                                // what faults, latency and the log call the service
	Operation func(r *http.Request) string          // what they call a request
	Refuse    func(w http.ResponseWriter, e *Error) // says an error as the service does
	Throttled Error                                 // what it says when requests come too fast
	Handler   http.Handler
}

// HTTPRequest is the Input of a request to a service beside the APIs, in the log.
type HTTPRequest struct{ Method, Host, Path string }

// Beside puts a service under the knobs of the front: Latency, Faults and Calls. In the log, the Code of a request that the
// service itself refused is its HTTP status.
func (f *Front) Beside(b Beside) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{ResponseWriter: w, front: f, service: &b}
		v.logged = Call{
			Time: time.Now(), RequestID: requestID(f.requests.Add(1)), Service: b.Name, Operation: b.Operation(r),
			Input: &HTTPRequest{Method: r.Method, Host: r.Host, Path: r.URL.Path},
		}
		defer v.note(codeAborted) // unless it says something before it ends
		if !wait(r.Context(), f.Latency.For(b.Name, v.logged.Operation)) {
			panic(http.ErrAbortHandler)
		}
		v.serve(r, f.Faults.strike(b.Name, v.logged.Operation))
	})
}

// visit is one request to a service beside the APIs. It stands in the log as soon as its reply begins.
type visit struct {
	http.ResponseWriter
	front   *Front
	service *Beside
	logged  Call
	noted   bool
	mute    bool   // the reply is lost
	refused string // the code of the error that a fault asked for
}

func (v *visit) serve(r *http.Request, fault *Fault) {
	if fault == nil {
		v.handle(v, r)
		return
	}
	v.logged.Fault = fault.Action
	switch fault.Action {
	case ActionError:
		v.refuse(&Error{Code: fault.Code, Message: fault.Message, Status: fault.Status})
		return
	case ActionThrottle:
		throttled := v.service.Throttled
		v.refuse(&throttled)
		return
	case ActionCut, ActionStall:
		broken := breakReply(v, r, fault.Action)
		v.handle(broken, r)
		broken.end()
	case ActionCrashBefore:
		v.note(codeAborted)
		fault.crash()
	case ActionCrashAfter, ActionLostReply:
		v.mute = true
		v.handle(v, r)
		fault.crash()
	}
	panic(http.ErrAbortHandler)
}

// handle has the service answer; a handler that says nothing says that all is well.
func (v *visit) handle(w http.ResponseWriter, r *http.Request) {
	v.service.Handler.ServeHTTP(w, r)
	if !v.noted {
		w.WriteHeader(http.StatusOK)
	}
}

func (v *visit) refuse(e *Error) {
	e = failure(e)
	v.refused = e.Code
	v.service.Refuse(v, e)
}

// note puts the request into the log, once.
func (v *visit) note(code string) {
	if v.noted {
		return
	}
	v.noted = true
	v.logged.Code = code
	v.logged.Duration = time.Since(v.logged.Time)
	v.front.Calls.append(&v.logged)
	v.front.Calls.notify(v.logged)
}

func (v *visit) WriteHeader(status int) {
	switch {
	case v.refused != "":
		v.note(v.refused)
	case status >= http.StatusBadRequest:
		v.note(strconv.Itoa(status))
	default:
		v.note("")
	}
	if !v.mute {
		v.ResponseWriter.WriteHeader(status)
	}
}

func (v *visit) Write(p []byte) (int, error) {
	if !v.noted {
		v.WriteHeader(http.StatusOK)
	}
	if v.mute {
		return len(p), nil
	}
	return v.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find what the connection can do.
func (v *visit) Unwrap() http.ResponseWriter { return v.ResponseWriter }
