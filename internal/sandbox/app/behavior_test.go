package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBehavior(t *testing.T) {
	base := DefaultBehavior()
	with := func(change func(*Behavior)) Behavior {
		b := base
		change(&b)
		return b
	}
	for text, want := range map[string]Behavior{
		"":                            base,
		"healthy":                     base,
		"unhealthy":                   with(func(b *Behavior) { b.Unhealthy = true }),
		"healthy errors=0.3":          with(func(b *Behavior) { b.Errors = 0.3 }),
		"errors=1 errors-after=30s":   with(func(b *Behavior) { b.Errors, b.ErrorsAfter = 1, 30*time.Second }),
		"latency=200ms":               with(func(b *Behavior) { b.Latency = 200 * time.Millisecond }),
		" boot=5s   slow-start=20s ":  with(func(b *Behavior) { b.Boot, b.SlowStart = 5*time.Second, 20*time.Second }),
		"crash-loop=10s":              with(func(b *Behavior) { b.CrashLoop = 10 * time.Second }),
		"port=8080 health=/actuator/": with(func(b *Behavior) { b.Port, b.Health = 8080, "/actuator/" }),
	} {
		got, err := ParseBehavior(text)
		if err != nil {
			t.Errorf("ParseBehavior(%q): %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ParseBehavior(%q) (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseBehaviorRefuses(t *testing.T) {
	const known = "agent, boot, crash-loop, errors, errors-after, health, healthy, latency, port, slow-start, unhealthy"
	for text, want := range map[string]string{
		"fast":              `behavior "fast": unknown word "fast" (known: ` + known + `)`,
		"healthy=yes":       `behavior "healthy=yes": healthy takes no value, got "yes"`,
		"boot":              `behavior "boot": boot needs a value: boot=5s`,
		"errors=1.5":        `behavior "errors=1.5": errors=1.5: not a share between 0 and 1, e.g. errors=0.3`,
		"errors=NaN":        `behavior "errors=NaN": errors=NaN: not a share between 0 and 1, e.g. errors=0.3`,
		"latency=5":         `behavior "latency=5": latency=5: not a duration above zero, e.g. latency=200ms`,
		"boot=-1s":          `behavior "boot=-1s": boot=-1s: not a duration above zero, e.g. boot=5s`,
		"port=0":            `behavior "port=0": port=0: not a port between 1 and 65535, e.g. port=8000`,
		"health=up":         `behavior "health=up": health=up: not a path, e.g. health=/health`,
		"boot=1s boot=2s":   `behavior "boot=1s boot=2s": boot stands twice`,
		"healthy unhealthy": `behavior "healthy unhealthy": healthy and unhealthy exclude each other`,
		"errors-after=3s":   `behavior "errors-after=3s": errors-after needs errors=SHARE beside it`,
	} {
		_, err := ParseBehavior(text)
		if err == nil || err.Error() != want {
			t.Errorf("ParseBehavior(%q):\n got %v\nwant %s", text, err, want)
		}
	}
}
