package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The tags of an image that say what its software does.
const (
	BehaviorTag = "sandbox:behavior"
	VersionTag  = "Version"
)

// Behavior is how a version of the app behaves. Latency is real time, as a client feels it; the other durations are the
// account's time, which the speed of the account shortens.
type Behavior struct {
	Errors      float64       // share of 5xx on every path but the health path, 0 to 1
	ErrorsAfter time.Duration // since it listens, before Errors begin
	Unhealthy   bool          // the health path answers 503
	Latency     time.Duration // of every path but the health path
	SlowStart   time.Duration // in which an extra latency of up to SlowStartPeak decays to nothing
	Boot        time.Duration // from the start of the instance until it listens
	CrashLoop   time.Duration // it listens this long, dies, and comes back after Boot; 0 for never
	Port        int
	Health      string // path of the health check
	Agent       int    // port at which an agent beside the app answers for its health; 0 for none
}

// SlowStartPeak is the extra latency of a slow starter's first request.
const SlowStartPeak = time.Second

// DefaultBehavior is that of an image without a BehaviorTag: healthy.
func DefaultBehavior() Behavior {
	return Behavior{Boot: 2 * time.Second, Port: 8000, Health: "/health"}
}

// ParseBehavior reads the value of a BehaviorTag: words separated by spaces, such as "errors=0.3 boot=5s port=8080". Each
// word may stand once; what is not said keeps its default.
func ParseBehavior(text string) (Behavior, error) {
	b := DefaultBehavior()
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		name, value, hasValue := strings.Cut(word, "=")
		if seen[name] {
			return Behavior{}, fmt.Errorf("behavior %q: %s stands twice", text, name)
		}
		seen[name] = true
		if err := b.set(name, value, hasValue); err != nil {
			return Behavior{}, fmt.Errorf("behavior %q: %w", text, err)
		}
	}
	switch {
	case seen["healthy"] && seen["unhealthy"]:
		return Behavior{}, fmt.Errorf("behavior %q: healthy and unhealthy exclude each other", text)
	case seen["errors-after"] && !seen["errors"]:
		return Behavior{}, fmt.Errorf("behavior %q: errors-after needs errors=SHARE beside it", text)
	}
	return b, nil
}

func (b *Behavior) set(name, value string, hasValue bool) error {
	set, known := words[name]
	switch {
	case !known:
		return fmt.Errorf("unknown word %q (known: %s)", name, strings.Join(knownWords(), ", "))
	case set.flag && hasValue:
		return fmt.Errorf("%s takes no value, got %q", name, value)
	case !set.flag && !hasValue:
		return fmt.Errorf("%s needs a value: %s=%s", name, name, set.example)
	}
	if err := set.apply(b, value); err != nil {
		return fmt.Errorf("%s=%s: %w, e.g. %s=%s", name, value, err, name, set.example)
	}
	return nil
}

type word struct {
	flag    bool
	example string
	apply   func(b *Behavior, value string) error
}

var words = map[string]word{
	"healthy":      {flag: true, apply: func(*Behavior, string) error { return nil }},
	"unhealthy":    {flag: true, apply: func(b *Behavior, _ string) error { b.Unhealthy = true; return nil }},
	"errors":       {example: "0.3", apply: func(b *Behavior, v string) error { return parseShare(v, &b.Errors) }},
	"errors-after": {example: "30s", apply: func(b *Behavior, v string) error { return parseDuration(v, &b.ErrorsAfter) }},
	"latency":      {example: "200ms", apply: func(b *Behavior, v string) error { return parseDuration(v, &b.Latency) }},
	"slow-start":   {example: "20s", apply: func(b *Behavior, v string) error { return parseDuration(v, &b.SlowStart) }},
	"boot":         {example: "5s", apply: func(b *Behavior, v string) error { return parseDuration(v, &b.Boot) }},
	"crash-loop":   {example: "10s", apply: func(b *Behavior, v string) error { return parseDuration(v, &b.CrashLoop) }},
	"port":         {example: "8000", apply: func(b *Behavior, v string) error { return parsePort(v, &b.Port) }},
	"agent":        {example: "9180", apply: func(b *Behavior, v string) error { return parsePort(v, &b.Agent) }},
	"health":       {example: "/health", apply: func(b *Behavior, v string) error { return parsePath(v, &b.Health) }},
}

func knownWords() []string {
	var names []string
	for name := range words {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parseShare(text string, into *float64) error {
	share, err := strconv.ParseFloat(text, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return fmt.Errorf("not a share between 0 and 1")
	}
	*into = share
	return nil
}

func parseDuration(text string, into *time.Duration) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("not a duration above zero")
	}
	*into = d
	return nil
}

func parsePort(text string, into *int) error {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("not a port between 1 and 65535")
	}
	*into = int(port)
	return nil
}

func parsePath(text string, into *string) error {
	if !strings.HasPrefix(text, "/") {
		return fmt.Errorf("not a path")
	}
	*into = text
	return nil
}
