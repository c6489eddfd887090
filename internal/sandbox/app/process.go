package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"bluegreen/internal/sandbox/account"
)

// Process is an app in a process of its own, such as a container runs.
type Process struct {
	Version  string
	Behavior string  // in the words of BehaviorTag; its Boot counts from the start of the process, its Agent not at all
	Speed    float64 // how many times faster than real AWS its durations pass, latency apart; 1 when zero
	// Identity says which instance this is, and of which colour. Until it does, all that is asked for is a 503.
	Identity func(context.Context) (instanceID, color string, err error)
	Log      func(format string, args ...any)
}

// ErrCrashed is how an app ends that is to crash.
var ErrCrashed = errors.New("crashed, as it was told to")

const (
	identityPause = 200 * time.Millisecond // between attempts
	finishTime    = 20 * time.Second       // of requests that are under way at the end
)

// Run serves until ctx ends, and then lets those finish who are being served.
func (p Process) Run(ctx context.Context) error {
	behavior, err := ParseBehavior(p.Behavior)
	if err != nil {
		return err
	}
	acct := account.New(account.Options{Speed: p.Speed, Seed: uint64(time.Now().UnixNano())})
	defer acct.Close()
	select {
	case <-time.After(acct.Scaled(behavior.Boot)):
	case <-ctx.Done():
		return nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(behavior.Port)))
	if err != nil {
		return err
	}
	p.Log("version %s listens on %s", p.Version, listener.Addr())
	var known atomic.Pointer[handler]
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := known.Load(); h != nil {
			h.ServeHTTP(w, r)
			return
		}
		http.Error(w, "this app does not know yet on which instance it is", http.StatusServiceUnavailable)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go p.identify(ctx, func(instanceID, color string) {
		a := &app{host: &Host{account: acct}, behavior: behavior, version: p.Version, instanceID: instanceID, color: color}
		known.Store(&handler{app: a, since: time.Now()})
	})
	var crash <-chan time.Time
	if behavior.CrashLoop > 0 {
		crash = time.After(acct.Scaled(behavior.CrashLoop))
	}
	select {
	case err := <-served:
		return err
	case <-crash:
		return errors.Join(ErrCrashed, server.Close())
	case <-ctx.Done():
	}
	p.Log("asked to end")
	ending, cancel := context.WithTimeout(context.Background(), finishTime)
	defer cancel()
	return server.Shutdown(ending)
}

func (p Process) identify(ctx context.Context, tell func(instanceID, color string)) {
	said := ""
	for {
		id, color, err := p.Identity(ctx)
		if err == nil {
			p.Log("on instance %s, %s", id, color)
			tell(id, color)
			return
		}
		if text := fmt.Sprint(err); text != said {
			said = text
			p.Log("find out on which instance this is: %v", err)
		}
		select {
		case <-time.After(identityPause):
		case <-ctx.Done():
			return
		}
	}
}
