package wire

import (
	"sync"
	"time"
)

// Call is an API call as the log has it.
type Call struct {
	Seq       uint64 // from 1, in the order in which calls had their effect
	Time      time.Time
	RequestID string
	Service   string // signing name
	Operation string
	Input     any           // a pointer to the SDK's input type, not to be changed; nil when unreadable
	Code      string        // of the error; empty when, and only when, the call had its effect
	Fault     Action        // what a fault did to it
	Duration  time.Duration // nanoseconds, until the reply was ready
}

// ringSize is how many calls the log keeps.
const ringSize = 4096

// CallLog keeps the latest calls. The zero value is empty; it is safe for concurrent use.
type CallLog struct {
	mu        sync.Mutex
	count     uint64
	ring      []Call // Seq n is at (n-1) % ringSize
	observers map[*func(Call)]struct{}
}

// Count is how many calls there have been.
func (l *CallLog) Count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Since is the calls after that number, oldest first, as far as they are still there. Since(0) is all of them.
func (l *CallLog) Since(seq uint64) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := uint64(1)
	if l.count > ringSize {
		oldest = l.count - ringSize + 1
	}
	var calls []Call
	for n := max(seq+1, oldest); n <= l.count; n++ {
		calls = append(calls, l.ring[(n-1)%ringSize])
	}
	return calls
}

// Observe calls fn with every call from now on until stop is called: after its effect, before its reply, without the
// account's lock. Calls that run at once are observed at once and in any order.
func (l *CallLog) Observe(fn func(Call)) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.observers == nil {
		l.observers = map[*func(Call)]struct{}{}
	}
	key := &fn
	l.observers[key] = struct{}{}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.observers, key)
	}
}

// append numbers a call and keeps it.
func (l *CallLog) append(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	c.Seq = l.count
	if len(l.ring) < ringSize {
		l.ring = append(l.ring, *c)
		return
	}
	l.ring[(l.count-1)%ringSize] = *c
}

// notify tells the observers of a call.
func (l *CallLog) notify(c Call) {
	l.mu.Lock()
	observers := make([]*func(Call), 0, len(l.observers))
	for fn := range l.observers {
		observers = append(observers, fn)
	}
	l.mu.Unlock()
	for _, fn := range observers {
		(*fn)(c)
	}
}
