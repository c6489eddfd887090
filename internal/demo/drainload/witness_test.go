package drainload_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"bluegreen/internal/sandbox/elbv2"
	"bluegreen/internal/sandbox/wire"
)

// witness has what happened to instances, in the order in which it did.
type witness struct {
	mu       sync.Mutex
	events   map[string][]string  // by instance
	told     map[string]time.Time // when the app on it was told to end
	last     map[string]time.Time // when its last answer was complete
	failed   []elbv2.Request      // what the load balancer answered with an error
	problems []string             // of instances
}

func newWitness() *witness {
	return &witness{events: map[string][]string{}, told: map[string]time.Time{}, last: map[string]time.Time{}}
}

// answer is told of every request that the load balancer has answered.
func (w *witness) answer(r elbv2.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[r.Instance] = time.Now()
	if r.Status >= http.StatusInternalServerError {
		w.failed = append(w.failed, r)
	}
}

func (w *witness) problem(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, err.Error())
}

// called is told of every call, after its effect and before its answer.
func (w *witness) called(in *world, c wire.Call) {
	if r, ok := c.Input.(*wire.HTTPRequest); ok {
		if id, ok := strings.CutPrefix(r.Path, "/latest/app-told-to-end/"); ok {
			w.end(in, id)
		}
	}
	if a, ok := c.Input.(*autoscaling.CompleteLifecycleActionInput); ok {
		result := *a.LifecycleActionResult
		if c.Code != "" {
			result = c.Code
		}
		w.note(*a.InstanceId, fmt.Sprintf("hook %s: %s", *a.LifecycleHookName, result))
	}
}

// end notes how the app stood in its group and with its load balancer when it was told to end.
func (w *witness) end(in *world, id string) {
	told := time.Now()
	all, err := in.members(in.sb.Account.Context())
	if err != nil {
		w.note(id, err.Error())
	}
	m := find(all, id)
	if m.target == "" {
		m.target = "not registered"
	}
	w.note(id, fmt.Sprintf("the app is told to end: %s, %s", m.state, m.target))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[id] = told
}

func (w *witness) note(id, event string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[id] = append(w.events[id], event)
}

// of is what happened to an instance, and whether anybody got an answer from it once its app was told to end.
func (w *witness) of(id string) (events []string, late bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	told, ended := w.told[id]
	return slices.Clone(w.events[id]), ended && w.last[id].After(told)
}

func (w *witness) failures() []elbv2.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.failed)
}

func (w *witness) troubles() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.problems, "\n")
}
