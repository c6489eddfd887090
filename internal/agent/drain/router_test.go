package drain_test

import "time"

// router is the load balancer: it sends requests to the targets that its health checks find healthy, and lets those that are
// deregistered finish what they have. It is called with the account locked unless said otherwise.
type router struct {
	world   *world
	targets map[string]*target
	delay   time.Duration // for which a target drains
}

type target struct {
	state string // "initial", "healthy", "unhealthy", "draining"
	row   int    // of checks that contradict the state
}

// What the health check is like: a load balancer's default but for the first check.
const (
	checkEvery     = 30 * time.Second
	checkThreshold = 2
)

func (r *router) TargetGroupExists(arn string) bool { return arn == targets }

func (r *router) RegisterInstance(_, id string) {
	t := &target{state: "initial"}
	r.targets[id] = t
	r.world.acct.After(time.Second, func() { r.check(id, t) })
}

func (r *router) DeregisterInstance(_, id string) {
	t := r.targets[id]
	if t == nil || t.state == "draining" {
		return
	}
	r.turn(id, t, "draining")
	r.world.acct.After(r.delay, func() {
		if r.targets[id] == t {
			delete(r.targets, id)
		}
	})
}

func (r *router) InstanceHealth(_, id string) string {
	if t := r.targets[id]; t != nil {
		return t.state
	}
	return ""
}

func (r *router) check(id string, t *target) {
	if r.targets[id] != t || t.state == "draining" {
		return
	}
	found := "unhealthy"
	for _, m := range r.world.all() {
		if m.id == id && m.healthy() {
			found = "healthy"
		}
	}
	t.row++
	switch {
	case found == t.state:
		t.row = 0
	case t.state == "initial" || t.row >= checkThreshold:
		t.row = 0
		r.turn(id, t, found)
	}
	r.world.acct.After(checkEvery, func() { r.check(id, t) })
}

func (r *router) turn(id string, t *target, state string) {
	t.state = state
	r.world.log.add("the load balancer has %s as %s", id, state)
}

// state is what the load balancer thinks of an instance. The account must not be locked.
func (r *router) state(id string) (state string) {
	r.world.locked(func() { state = r.InstanceHealth(targets, id) })
	return state
}
