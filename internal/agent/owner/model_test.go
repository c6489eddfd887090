package owner_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/docker"
)

// model is a Docker Engine in memory, with the manners that matter: names and ports conflict, a container that runs is not
// removed, "on-failure" restarts a few times, and a daemon that starts restarts even what was stopped on purpose, if that
// did not end with 0.
type model struct {
	mu     sync.Mutex
	boxes  []*box
	images map[string]bool
	serial int
	subs   []chan docker.Event
	cut    chan struct{} // closed when the daemon goes away
	down   bool
	live   bool               // containers outlive it (live-restore)
	stops  time.Duration      // how long a container takes to stop
	skew   time.Duration      // by which its clock is wrong, like that of the machine
	moved  func(*box, string) // told, with the lock held, of each change; may be nil
	faults []string           // broken invariants
	good   map[string]bool
}

// box is a container. How its app behaves is in its environment: APP is "good", "bad" (runs, is never healthy), "sick" (is
// unhealthy half a minute after it was healthy), "crash" (exits with 1 after a second) or "stillborn" (cannot be started).
type box struct {
	docker.Container
	spec    docker.Spec
	run     int       // number of the run, so that timers of another one do nothing
	began   time.Time // of the run, by a clock that is right
	healthy bool
	told    time.Time // to end, in this run
	signals int       // in this run

	byOthers bool // what happens to it is not the owner's doing
}

const (
	healthyAfter   = 3 * time.Second
	unhealthyAfter = 10 * time.Second
	sickAfter      = 30 * time.Second
	stopTakes      = 200 * time.Millisecond
)

func newModel(images ...string) *model {
	m := &model{images: map[string]bool{}, cut: make(chan struct{}), stops: stopTakes, good: map[string]bool{}}
	for _, i := range images {
		m.images[i] = true
	}
	return m
}

func (m *model) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

var errDown = fmt.Errorf("dial unix: no such file: %w", docker.ErrUnavailable)

// do runs a call with the lock held.
func (m *model) do(ctx context.Context, call func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return errDown
	}
	return call()
}

func (m *model) box(id string) (*box, error) {
	for _, b := range m.boxes {
		if b.ID == id {
			return b, nil
		}
	}
	return nil, fmt.Errorf("no such container %s: %w", id, docker.ErrNotFound)
}

func (m *model) named(name string) *box {
	for _, b := range m.boxes {
		if b.Name == name {
			return b
		}
	}
	return nil
}

func has(labels, wanted map[string]string) bool {
	for k, v := range wanted {
		if have, ok := labels[k]; !ok || v != "" && v != have {
			return false
		}
	}
	return true
}

func (m *model) Containers(ctx context.Context, labels map[string]string) (out []docker.Container, err error) {
	err = m.do(ctx, func() error {
		for _, b := range m.boxes {
			if has(b.Labels, labels) {
				c := b.Container
				c.Labels = maps.Clone(c.Labels)
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

func (m *model) Create(ctx context.Context, s docker.Spec) (id string, err error) {
	return id, m.do(ctx, func() error {
		if m.named(s.Name) != nil {
			return fmt.Errorf("create %s: %w", s.Name, docker.ErrConflict)
		}
		if !m.images[s.Image] {
			return fmt.Errorf("create %s: no such image %s: %w", s.Name, s.Image, docker.ErrNotFound)
		}
		m.serial++
		id = fmt.Sprintf("c%04d", m.serial)
		b := &box{spec: s, Container: docker.Container{
			ID: id, Name: s.Name, Image: s.Image, ImageID: "id of " + s.Image, Labels: maps.Clone(s.Labels), State: docker.Created, CreatedAt: m.clock(), Ports: s.Ports, Restart: s.Restart,
		}}
		m.boxes = append(m.boxes, b)
		m.emit(b, "create")
		return nil
	})
}

// clock is what time it is, as Docker has it.
func (m *model) clock() time.Time { return time.Now().Add(m.skew) }

func up(b *box) bool {
	return b.State == docker.Running || b.State == docker.Restarting || b.State == docker.Paused
}

func (m *model) Start(ctx context.Context, id string) error {
	return m.do(ctx, func() error {
		b, err := m.box(id)
		if err != nil || b.State == docker.Running {
			return err
		}
		b.RestartCount = 0
		return m.launch(b)
	})
}

// launch starts a process. The lock is held.
func (m *model) launch(b *box) error {
	for _, other := range m.boxes {
		if other != b && other.State == docker.Running {
			for _, p := range other.spec.Ports {
				if slices.ContainsFunc(b.spec.Ports, func(q docker.Port) bool { return q.Host == p.Host }) {
					b.Error = "port is already allocated"
					return fmt.Errorf("start %s: %s: %w", b.Name, b.Error, docker.ErrPortInUse)
				}
			}
		}
	}
	if b.spec.Env["APP"] == "stillborn" {
		b.Error = "no such program"
		return fmt.Errorf("start %s: %s: %w", b.Name, b.Error, docker.ErrInvalid)
	}
	b.run++
	b.State, b.StartedAt, b.Error, b.ExitCode, b.healthy, b.OOMKilled = docker.Running, m.clock(), "", 0, false, false
	b.began, b.told, b.signals = time.Now(), time.Time{}, 0
	run := b.run
	later := func(d time.Duration, do func()) {
		time.AfterFunc(d, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			if b.run == run && b.State == docker.Running {
				do()
			}
		})
	}
	switch b.spec.Env["APP"] {
	case "good", "sick":
		later(healthyAfter, func() { b.healthy = true; m.good[b.ID] = true; m.emit(b, "health") })
		if b.spec.Env["APP"] == "sick" {
			later(healthyAfter+sickAfter, func() { b.healthy = false; m.emit(b, "health") })
		}
	case "bad":
		later(unhealthyAfter, func() { m.emit(b, "health") })
	case "crash":
		later(time.Second, func() { m.exit(b, 1, false) })
	}
	m.emit(b, "start")
	return nil
}

// exit ends a process that nobody has stopped. The lock is held.
func (m *model) exit(b *box, code int, oom bool) {
	if oom { // it says so a little earlier, and only in an event
		m.emit(b, "oom")
		run := b.run
		time.AfterFunc(10*time.Millisecond, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			if b.run == run && b.State == docker.Running {
				m.exit(b, code, false)
			}
		})
		return
	}
	b.State, b.ExitCode, b.FinishedAt, b.healthy = docker.Exited, code, m.clock(), false
	if code != 0 && b.Restart.Policy == "on-failure" && b.RestartCount < b.Restart.Max {
		b.State = docker.Restarting
		run := b.run
		time.AfterFunc(100*time.Millisecond<<b.RestartCount, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			if b.run == run && b.State == docker.Restarting && !m.down {
				b.RestartCount++
				if m.launch(b) != nil {
					b.State = docker.Exited
				}
			}
		})
	}
	m.emit(b, "die")
}

func (m *model) Stop(ctx context.Context, id string, _ time.Duration) error {
	err := m.do(ctx, func() error {
		b, err := m.box(id)
		if err == nil && up(b) {
			run := b.run
			b.told, b.signals = m.clock(), b.signals+1
			time.AfterFunc(m.stops, func() {
				m.mu.Lock()
				defer m.mu.Unlock()
				if b.run == run && up(b) {
					m.halt(b)
				}
			})
		}
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-time.After(m.stops + time.Millisecond):
	case <-m.gone():
		return errDown
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// halt ends a process by the signal of a stop. The lock is held.
func (m *model) halt(b *box) {
	b.State, b.ExitCode, b.FinishedAt, b.healthy = docker.Exited, 143, m.clock(), false
	m.emit(b, "die")
}

func (m *model) gone() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cut
}

func (m *model) Restart(ctx context.Context, id string, timeout time.Duration) error {
	if err := m.Stop(ctx, id, timeout); err != nil {
		return err
	}
	return m.Start(ctx, id)
}

func (m *model) Rename(ctx context.Context, id, name string) error {
	return m.do(ctx, func() error {
		b, err := m.box(id)
		if err != nil {
			return err
		}
		if m.named(name) != nil {
			return fmt.Errorf("rename %s: %w", b.Name, docker.ErrConflict)
		}
		b.Name = name
		m.emit(b, "rename")
		return nil
	})
}

func (m *model) SetRestart(ctx context.Context, id string, restart docker.Restart) error {
	return m.do(ctx, func() error {
		b, err := m.box(id)
		if err != nil {
			return err
		}
		b.Restart = docker.Restart{Policy: cmp.Or(restart.Policy, "no"), Max: restart.Max}
		return nil
	})
}

func (m *model) Remove(ctx context.Context, id string) error {
	return m.do(ctx, func() error {
		b, err := m.box(id)
		if err != nil {
			return err
		}
		if up(b) {
			return fmt.Errorf("remove %s: it runs: %w", b.Name, docker.ErrInUse)
		}
		m.delete(b)
		return nil
	})
}

// delete takes a container away. The lock is held.
func (m *model) delete(b *box) {
	m.boxes = slices.DeleteFunc(m.boxes, func(o *box) bool { return o == b })
	b.State, b.run = docker.Removing, b.run+1
	m.emit(b, "destroy")
}

func (m *model) Logs(ctx context.Context, id string, tail int) (out []string, err error) {
	return out, m.do(ctx, func() error {
		b, err := m.box(id)
		if err == nil {
			out = []string{"hello", "the password is hunter2", strings.Repeat("x", 10*tail), "last words of " + b.Name}
		}
		return err
	})
}

// kill ends the daemon as SIGKILL does; its containers end when it is up again.
func (m *model) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.subs = true, nil
	close(m.cut)
}

// start brings the daemon up again: unless containers outlive it, what ran has ended, and is not restarted, since that counts as 0; what had ended
// otherwise before is.
func (m *model) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		m.down, m.cut = false, make(chan struct{})
	}
	if m.live {
		return
	}
	for _, b := range m.boxes {
		if up(b) {
			b.State, b.ExitCode, b.FinishedAt, b.healthy = docker.Exited, 0, m.clock(), false
		}
	}
	for _, b := range m.boxes {
		if b.State == docker.Exited && b.ExitCode != 0 && b.Restart.Policy == "on-failure" && b.RestartCount < b.Restart.Max {
			_ = m.launch(b) // one whose port is taken stays down
		}
	}
}
