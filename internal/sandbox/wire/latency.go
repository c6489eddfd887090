package wire

import (
	"sync"
	"time"
)

// Latency is how long calls take before they have their effect, on top of what they take anyway. The account is not locked
// meanwhile. The zero value is none; it is safe for concurrent use.
type Latency struct {
	mu    sync.Mutex
	rules map[callName]time.Duration
}

// callName names an operation, all of a service, or with both empty all calls.
type callName struct{ service, operation string }

// Set sets the latency of an operation; of all operations of a service, of all operations of that name or of all calls
// where one or both are empty. The most specific counts. A negative d takes a setting away.
func (l *Latency) Set(service, operation string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := callName{service, operation}
	if d < 0 {
		delete(l.rules, name)
		return
	}
	if l.rules == nil {
		l.rules = map[callName]time.Duration{}
	}
	l.rules[name] = d
}

// Clear takes all settings away.
func (l *Latency) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.rules)
}

// For is the latency of an operation.
func (l *Latency) For(service, operation string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range []callName{{service, operation}, {"", operation}, {service, ""}} {
		if d, ok := l.rules[name]; ok {
			return d
		}
	}
	return l.rules[callName{}]
}

// all is every setting.
func (l *Latency) all() map[callName]time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	rules := make(map[callName]time.Duration, len(l.rules))
	for name, d := range l.rules {
		rules[name] = d
	}
	return rules
}
