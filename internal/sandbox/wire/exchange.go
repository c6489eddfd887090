package wire

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"time"
)

// exchange is one request on its way through the front.
type exchange struct {
	front *Front
	id    string
	start time.Time

	service   *endpoint // nil until found
	region    string
	codec     codec
	operation Operation
	input     any  // for the operation
	logged    Call // as it will stand in the log
}

// codeAborted stands in the log for calls that ended before they had an effect, without a reply.
const codeAborted = "RequestAborted"

// run makes the reply; nil when the connection is to be cut instead.
func (x *exchange) run(r *http.Request) (rep *reply) {
	x.codec = guessCodec(r)
	x.logged = Call{Time: x.start, RequestID: x.id}
	defer func() {
		if p := recover(); p != nil {
			x.front.logger().Error("an operation of the sandbox panicked", "operation", x.operation.Name,
				"panic", p, "stack", string(debug.Stack()))
			rep = x.fail(Errorf("InternalFailure", "the operation panicked: %v", p).WithStatus(http.StatusInternalServerError))
		}
		x.front.Calls.notify(x.logged)
	}()

	req, err := readRequest(r)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return x.fail(e)
		}
		x.note(codeAborted)
		return nil
	}
	if e := x.understand(req); e != nil {
		return x.fail(e)
	}
	if !wait(r.Context(), x.front.Latency.For(x.service.SigningName, x.operation.Name)) {
		x.note(codeAborted)
		return nil
	}
	return x.perform(r.Context(), x.front.Faults.strike(x.service.SigningName, x.operation.Name))
}

// understand finds out what is asked.
func (x *exchange) understand(r *request) *Error {
	var e *Error
	x.service, x.codec, e = x.front.findService(r)
	if x.service != nil {
		x.logged.Service = x.service.SigningName
	}
	if e != nil {
		return e
	}
	x.region, _, _ = scope(r.Request) // the service was found in it
	x.operation, e = x.service.findOperation(x.codec, r)
	x.logged.Operation = x.operation.Name
	if e != nil {
		return e
	}
	x.input = x.operation.newInput()
	if err := x.codec.decode(&x.service.Service, x.operation.Name, r, x.input); err != nil {
		return x.codec.malformed(err)
	}
	// The log keeps an input of its own: what the operation makes of its input is the operation's affair.
	x.logged.Input = x.operation.newInput()
	_ = x.codec.decode(&x.service.Service, x.operation.Name, r, x.logged.Input) // it just went well
	return nil
}

// wait lets d pass; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// perform has the effect of the call, unless a fault comes first.
func (x *exchange) perform(ctx context.Context, fault *Fault) *reply {
	if fault == nil {
		return x.call(ctx)
	}
	x.logged.Fault = fault.Action
	switch fault.Action {
	case ActionError:
		return x.fail(&Error{Code: fault.Code, Message: fault.Message, Status: fault.Status})
	case ActionThrottle:
		return x.fail(throttled(x.service.SigningName))
	case ActionCrashBefore:
		x.note(codeAborted)
		fault.crash()
		return nil
	case ActionCrashAfter:
		x.call(ctx)
		fault.crash()
		return nil
	case ActionCut, ActionStall:
		rep := x.call(ctx)
		rep.breaks = fault.Action
		return rep
	}
	x.call(ctx) // ActionLostReply
	return nil
}

// call is the operation itself, under the account's lock. The reply is made under it too: outputs may share memory with
// the account.
func (x *exchange) call(ctx context.Context) *reply {
	x.front.account.Lock()
	defer x.front.account.Unlock()
	out, err := x.operation.call(context.WithValue(ctx, regionKey{}, x.region), x.input)
	if err != nil {
		return x.fail(failure(err))
	}
	rep := x.codec.encode(&x.service.Service, x.operation.Name, out, x.id)
	x.note("")
	return rep
}

// fail is the reply that says e.
func (x *exchange) fail(e *Error) *reply {
	e = failure(e)
	x.note(e.Code)
	service := &Service{}
	if x.service != nil {
		service = &x.service.Service
	}
	return x.codec.refuse(service, e, x.id)
}

// note puts the call into the log.
func (x *exchange) note(code string) {
	x.logged.Code = code
	x.logged.Duration = time.Since(x.start)
	x.front.Calls.append(&x.logged)
}
