package drain_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/aws/lifecycle"
	"bluegreen/internal/sandbox/wire"
)

// agent is a process on a machine.
type agent struct {
	*drain.Drainer
	machine *machine
	plug    *plug

	mu      sync.Mutex
	refused int
	extends int
}

func (a *agent) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(ctx)
	}()
	select {
	case <-a.plug.pulled:
	case <-a.machine.world.over:
	}
	a.machine.died(a)
	cancel()
	<-ended
}

// died has systemd start another agent a little later, if this one died of itself.
func (m *machine) died(a *agent) {
	m.mu.Lock()
	itself := m.agent == a
	if itself {
		m.agent = nil
	}
	again := itself && !m.down && m.app != "lost"
	m.mu.Unlock()
	if !again {
		return
	}
	m.world.log.add("the agent has died")
	select {
	case <-time.After(5 * time.Second):
		m.start()
	case <-m.world.over:
	}
}

func (a *agent) terminate() bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-a.plug.pulled:
			cancel()
		case <-ctx.Done():
		}
	}()
	return a.Terminate(ctx)
}

// group is the real adapter, on the wire.
func (a *agent) group() drain.Group {
	c := lifecycle.New(aws.Config{
		Region: region, BaseEndpoint: aws.String(endpoint), HTTPClient: &http.Client{Transport: a.plug},
		Credentials: keys, Logger: logging.Nop{},
		Retryer: a.machine.retryer,
	})
	return drain.Group{Describe: c.Describe, Hooks: c.Hooks, Complete: c.Complete, Heartbeat: c.Heartbeat}
}

func (a *agent) refuse(c drain.Cause) {
	a.plug.point(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.refused++
		a.machine.world.log.add("/health says 503: %s", c)
		if a.refused > 1 {
			a.machine.world.fault("/health was told twice to say 503")
		}
	})
}

func (a *agent) refuses() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused > 0
}

func (a *agent) tell(text string) {
	a.Status() // whoever is told may ask
	a.machine.world.log.add("status: %s", text)
	a.machine.set(func(m *machine) { m.told = append(m.told, text) })
}

func (a *agent) extend(time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.extends++
}

// stop is what the owner of the container does.
func (a *agent) stop(ctx context.Context) (err error) {
	a.plug.point(func() {
		select {
		case <-time.After(a.machine.stopFor):
			a.machine.stopApp()
		case <-ctx.Done():
			err = ctx.Err()
		}
	})
	return err
}

// crash is when a process dies: at its nth deed, before the deed or after it. Never when n is 0.
type crash struct {
	n     int
	after bool
}

func (c crash) String() string {
	if c.after {
		return fmt.Sprintf("after %d", c.n)
	}
	return fmt.Sprintf("before %d", c.n)
}

// plug is all that a process does to its world. Once pulled nothing reaches it any more: what the process does hangs until
// the world ends.
type plug struct {
	world  *world
	crash  crash
	pulled chan struct{}

	mu    sync.Mutex
	deeds int
}

func (w *world) plug() *plug { return &plug{world: w, pulled: make(chan struct{})} }

func (p *plug) pull() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead() {
		close(p.pulled)
	}
}

func (p *plug) dead() bool {
	select {
	case <-p.pulled:
		return true
	default:
		return false
	}
}

func (p *plug) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deeds
}

// point is one deed of the process.
func (p *plug) point(do func()) {
	p.mu.Lock()
	p.deeds++
	fatal := p.crash.n == p.deeds
	dead := p.dead()
	p.mu.Unlock()
	if fatal && !p.crash.after {
		p.pull()
		dead = true
	}
	if !dead {
		do()
		if !fatal && !p.dead() {
			return
		}
		p.pull()
	}
	<-p.world.over
}

// RoundTrip carries a call to AWS.
func (p *plug) RoundTrip(r *http.Request) (response *http.Response, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	p.point(func() { response, err = p.world.carry(r, string(body)) })
	if p.dead() {
		return nil, errNoAnswer
	}
	return response, err
}

// carry watches that nobody completes what is not to be completed.
func (w *world) carry(r *http.Request, body string) (*http.Response, error) {
	form, _ := url.ParseQuery(body)
	action, id := form.Get("Action"), form.Get("InstanceId")
	hook, result := form.Get("LifecycleHookName"), form.Get("LifecycleActionResult")
	before := w.state(id)
	response, err := wire.Transport(w.front).RoundTrip(r)
	status := 0
	if err == nil {
		status = response.StatusCode
	}
	w.log.add("%s %s %s: %d", action, hook, result, status)
	if action != "CompleteLifecycleAction" {
		return response, err
	}
	for _, m := range w.all() {
		if m.id == id {
			cut := err != nil && before != w.state(id) // it had its effect, but nobody was told
			w.judge(m, hook, before, status == http.StatusOK || cut)
		}
	}
	return response, err
}

// judge is told of every completion that reaches AWS.
func (w *world) judge(m *machine, hook, state string, accepted bool) {
	m.mu.Lock()
	app := m.app
	if accepted {
		m.completed[hook]++
	}
	times := m.completed[hook]
	m.mu.Unlock()
	ending := hook == "down" || hook == "bluegreen"
	if ending && app == "up" {
		w.fault("the termination hook was completed before the container was stopped")
	}
	if ending && state != "Terminating:Wait" && state != "Terminating:Proceed" {
		w.fault("the termination hook was completed in the state %q", state)
	}
	if times > 1 {
		w.fault("the hook %s was completed %d times", hook, times)
	}
	if !ending && hook != "up" {
		w.fault("the hook %s is not ours", hook)
	}
}

// journal is what happened, with the time since the start.
type journal struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf("%8s ", time.Since(j.start).Round(100*time.Millisecond))+fmt.Sprintf(format, args...))
}

// Write takes a line of a log.
func (j *journal) Write(line []byte) (int, error) {
	j.add("  log: %s", strings.TrimSpace(string(line)))
	return len(line), nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// count is in how many lines all of some words stand.
func (j *journal) count(words ...string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range j.lines {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			n++
		}
	}
	return n
}

// before tells whether the first line with one word stands before the first with another.
func (j *journal) before(one, other string) bool {
	text := j.String()
	return strings.Index(text, one) < strings.Index(text, other)
}

// plain leaves the time out of a log: the journal has its own.
func plain(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
