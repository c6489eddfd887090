package drain_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/agent/drain"
	"bluegreen/internal/aws/imds"
)

// machine is an instance of the group: an app, an agent that may die and come again, and a metadata service.
type machine struct {
	world *world
	id    string
	file  string
	boot  time.Time

	// Set these in a world's tune.
	options    func(*drain.Options)
	ready      time.Duration // after the boot the app is healthy; never when negative
	stopFor    time.Duration // that the container takes to stop
	spotAction string
	spotTime   time.Time
	crashes    []crash // of the agents, one after the other
	retryer    func() aws.Retryer

	mu        sync.Mutex
	agent     *agent
	started   int
	agents    []*agent // all that ever ran
	app       string   // "up", "stopped", or "lost" with the machine
	stops     int      // that had an effect
	completed map[string]int
	spot      bool
	rebalance bool
	imds      func(imds.Target) (imds.Target, error) // what the service makes of the truth
	down      bool                                   // systemd is stopping
	asked     int                                    // how often the target was read
	told      []string                               // by Tell
}

func newMachine(w *world, id, file string) *machine {
	w.log.add("%s boots", id)
	return &machine{
		world: w, id: id, file: file, boot: time.Now(), ready: 20 * time.Second, stopFor: 3 * time.Second, app: "up",
		spotAction: "terminate", spotTime: time.Now().Add(time.Hour),
		completed: map[string]int{}, retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (m *machine) uptime() time.Duration { return time.Since(m.boot) }

// healthy is what a load balancer's health check gets to see.
func (m *machine) healthy() bool {
	m.mu.Lock()
	a, well := m.agent, m.app == "up" && m.ready >= 0 && m.uptime() >= m.ready
	m.mu.Unlock()
	return well && a != nil && !a.refuses()
}

// target is the truth about the target lifecycle state: it says Terminated as soon as the group begins to deregister.
func (m *machine) target() imds.Target {
	switch state := m.world.state(m.id); state {
	case "":
		return imds.NeverSet
	case "Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated":
		return imds.Terminated
	case "Standby", "EnteringStandby":
		return imds.Standby
	}
	return imds.InService
}

var errNoAnswer = errors.New("no answer")

func (m *machine) metadata() drain.Metadata {
	return drain.Metadata{
		Target: func(context.Context) (imds.Target, error) {
			truth := m.target()
			m.mu.Lock()
			defer m.mu.Unlock()
			m.asked++
			if m.imds != nil {
				return m.imds(truth)
			}
			return truth, nil
		},
		Spot: func(context.Context) (imds.Interruption, bool, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return imds.Interruption{Action: m.spotAction, Time: m.spotTime}, m.spot, nil
		},
		Rebalance: func(context.Context) (time.Time, bool, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return time.Now(), m.rebalance, nil
		},
	}
}

// set changes something on the machine.
func (m *machine) set(change func(*machine)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *machine) current() *agent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.agent
}

// start runs a new agent, as systemd does.
func (m *machine) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.agent != nil || m.app == "lost" {
		return
	}
	a := &agent{machine: m, plug: m.world.plug()}
	if m.started < len(m.crashes) {
		a.plug.crash = m.crashes[m.started]
	}
	m.started++
	m.agent, m.agents = a, append(m.agents, a)
	o := drain.Options{
		Instance: m.id, Boot: "boot", File: m.file, Metadata: m.metadata(), Group: a.group(),
		Healthy: m.appHealthy, Refuse: a.refuse, Stop: a.stop, Tell: a.tell, Extend: a.extend, Uptime: m.uptime,
		ShuttingDown: func(context.Context) (bool, error) { m.mu.Lock(); defer m.mu.Unlock(); return m.down, nil },
		Log:          slog.New(slog.NewTextHandler(m.world.log, &slog.HandlerOptions{ReplaceAttr: plain})),
	}
	if m.options != nil {
		m.options(&o)
	}
	m.world.log.add("an agent starts")
	drainer, err := drain.New(o)
	if err != nil {
		panic(err)
	}
	a.Drainer = drainer
	m.world.left.Go(a.run)
}

func (m *machine) appHealthy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.app == "up" && m.ready >= 0 && m.uptime() >= m.ready
}

// kill ends the agent as kill -9 does.
func (m *machine) kill() {
	m.mu.Lock()
	a := m.agent
	m.agent = nil
	m.mu.Unlock()
	if a != nil {
		m.world.log.add("the agent is killed")
		a.plug.pull()
	}
}

// restart ends the agent as systemctl restart does, and starts another.
func (m *machine) restart() {
	a := m.current()
	if a == nil || a.terminate() {
		return
	}
	m.kill()
	m.world.wait(2 * time.Second)
	m.start()
}

// powerDown has the machine go down. It is called with the account locked.
func (m *machine) powerDown() {
	m.world.log.add("%s goes down", m.id)
	m.set(func(m *machine) { m.down = true })
	if a := m.current(); a != nil {
		m.world.left.Go(func() { a.terminate() })
	}
}

// lost is the end of the machine's power.
func (m *machine) lost() {
	m.kill()
	m.mu.Lock()
	was := m.app
	m.app = "lost"
	m.mu.Unlock()
	if state := m.world.router.state(m.id); was == "up" && state == "healthy" {
		m.world.fault("the machine ended while it was routed to")
	}
}

// stopApp is the end of the container.
func (m *machine) stopApp() {
	routed := m.world.router.state(m.id)
	held := m.world.state(m.id)
	m.mu.Lock()
	was := m.app
	if was == "up" {
		m.app = "stopped"
		m.stops++
	}
	bounded := m.spot || m.down
	m.mu.Unlock()
	if was != "up" {
		return
	}
	m.world.log.add("the container has stopped: target %q, state %q", routed, held)
	if routed == "healthy" || routed == "draining" && !bounded {
		m.world.fault("the container was stopped while the load balancer had it as %s", routed)
	}
	if !bounded && held != "Terminating:Wait" && held != "Terminating:Proceed" {
		m.world.fault("the container was stopped in the state %q", held)
	}
}

// first tells whether this is the world's first machine. It is for tune, which runs when the machine is in the list.
func (m *machine) first() bool { return m.world.machines[0] == m }

// refusals are the agents that told /health to say 503.
func (m *machine) refusals() (did []*agent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.agents {
		if a.refuses() {
			did = append(did, a)
		}
	}
	return did
}

// deeds is how much the agents of the first machine did.
func (w *world) deeds() (n int) {
	m := w.all()[0]
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.agents {
		n += a.plug.total()
	}
	return n
}
