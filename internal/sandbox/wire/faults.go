package wire

import (
	"fmt"
	"net/http"
	"sync"
)

// Action is what a fault does to a call.
type Action string

// The actions of a fault.
const (
	ActionError       Action = "error"        // refuse the call, which has no effect
	ActionThrottle    Action = "throttle"     // refuse it as the service does when calls come too fast
	ActionLostReply   Action = "lost-reply"   // let it take effect and cut the connection in place of a reply
	ActionCrashBefore Action = "crash-before" // call Crash and cut the connection; no effect
	ActionCrashAfter  Action = "crash-after"  // let it take effect, call Crash and cut the connection
	ActionCut         Action = "cut"          // let it take effect and cut the connection in the middle of the reply
	ActionStall       Action = "stall"        // let it take effect and stop in the middle of the reply until the client goes
)

// Fault makes some calls go wrong.
type Fault struct {
	Service   string `json:"service,omitempty"`   // signing name, e.g. "route53"; any when empty
	Operation string `json:"operation,omitempty"` // any when empty

	// Nth is the first call to be struck of those that match, counted from 1 since the fault was set, and Times is how
	// many are struck from there on. Zero Times with an Nth means that one call; without an Nth, all calls. Negative
	// Times means all from the Nth on.
	Nth   int `json:"nth,omitempty"`
	Times int `json:"times,omitempty"`

	Action  Action `json:"action"`
	Code    string `json:"code,omitempty"`    // of ActionError
	Message string `json:"message,omitempty"` // of ActionError
	Status  int    `json:"status,omitempty"`  // HTTP status of ActionError; 400 when zero
	Crash   func() `json:"-"`                 // of the crash actions; called without the account's lock
}

func (f *Fault) crash() {
	if f.Crash != nil {
		f.Crash()
	}
}

func (f *Fault) matches(service, operation string) bool {
	return (f.Service == "" || f.Service == service) && (f.Operation == "" || f.Operation == operation)
}

// strikes says whether the fault strikes its nth matching call.
func (f *Fault) strikes(nth int) bool {
	first, times := max(f.Nth, 1), f.Times
	if times == 0 && f.Nth > 0 {
		times = 1
	}
	return nth >= first && (times <= 0 || nth < first+times)
}

func (f *Fault) check() error {
	switch f.Action {
	case ActionThrottle, ActionLostReply, ActionCrashBefore, ActionCrashAfter, ActionCut, ActionStall:
	case ActionError:
		if f.Code == "" {
			return fmt.Errorf("a fault of action %q needs the error's code", f.Action)
		}
	default:
		return fmt.Errorf("unknown action %q: want error, throttle, lost-reply, cut, stall, crash-before or crash-after", f.Action)
	}
	if f.Nth < 0 {
		return fmt.Errorf("nth is %d: calls are counted from 1", f.Nth)
	}
	return nil
}

// Faults is the list of what goes wrong. Each fault counts all the calls that match it; of those that strike a call the
// first in the list is what happens. The zero value is an empty list; it is safe for concurrent use.
type Faults struct {
	mu   sync.Mutex
	list []*countedFault
}

type countedFault struct {
	Fault
	seen int
}

// Add appends faults to the list. It panics when a fault makes no sense, e.g. has no action.
func (f *Faults) Add(faults ...Fault) {
	if err := f.add(false, faults); err != nil {
		panic("wire: " + err.Error())
	}
}

// Clear empties the list.
func (f *Faults) Clear() { _ = f.add(true, nil) }

// List is the faults in their order.
func (f *Faults) List() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	faults := make([]Fault, len(f.list))
	for i, counted := range f.list {
		faults[i] = counted.Fault
	}
	return faults
}

func (f *Faults) add(afresh bool, faults []Fault) error {
	for _, fault := range faults {
		if err := fault.check(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if afresh {
		f.list = nil
	}
	for _, fault := range faults {
		f.list = append(f.list, &countedFault{Fault: fault})
	}
	return nil
}

// strike counts a call and says what happens to it; nil when nothing does.
func (f *Faults) strike(service, operation string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var struck *Fault
	for _, fault := range f.list {
		if !fault.matches(service, operation) {
			continue
		}
		fault.seen++
		if struck == nil && fault.strikes(fault.seen) {
			copied := fault.Fault
			struck = &copied
		}
	}
	return struck
}

// throttled is how a service says that calls come too fast.
func throttled(service string) *Error {
	switch service {
	case "ec2":
		return Errorf("RequestLimitExceeded", "Request limit exceeded.").WithStatus(http.StatusServiceUnavailable)
	case "ssm", "monitoring", "ecr", "secretsmanager":
		return Errorf("ThrottlingException", "Rate exceeded")
	}
	return Errorf("Throttling", "Rate exceeded")
}
