package bluegreen_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// guardian watches an account after every change that it accepts, and notes each broken promise:
//   - each name and type has a record with weight, and no record of a colour that could not serve when it got one;
//   - the group of a colour that has weight never shrinks, neither what it wants nor, below what was found, its minimum.
type guardian struct {
	t   *testing.T
	eye *eye

	mu      sync.Mutex
	keys    []string                  // every name and type that clients ask for
	weights map[string]map[string]int // by name and type, then by colour, after the newest batch
	sizes   map[traffic.Color]sizes   // after the newest change
	floor   map[traffic.Color]int32   // the minimums that were found
	history []string                  // the distinct weights of the app, in order
	fenced  bool                      // the fence was written
	hurried bool                      // somebody wants the traffic moved to whatever is there
	broken  []string
}

type sizes struct{ min, desired int32 }

// watch begins to watch the world.
func (w *world) watch() *guardian {
	w.t.Helper()
	g := &guardian{t: w.t, eye: w.eye, sizes: map[traffic.Color]sizes{}, floor: map[traffic.Color]int32{}}
	g.weights, _ = g.read()
	for key := range g.weights {
		g.keys = append(g.keys, key)
	}
	slices.Sort(g.keys)
	for _, c := range traffic.Colors {
		view := w.eye.view(w.t, c)
		g.sizes[c], g.floor[c] = sizes{view.Min, view.Desired}, view.Min
	}
	w.sb.Front.Calls.Observe(g.see)
	return g
}

// see is told of every call after its effect.
func (g *guardian) see(c wire.Call) {
	if c.Code != "" {
		return
	}
	switch in := c.Input.(type) {
	case *route53.ChangeResourceRecordSetsInput:
		g.mu.Lock()
		defer g.mu.Unlock()
		g.afterBatch()
	case *autoscaling.UpdateAutoScalingGroupInput:
		g.mu.Lock()
		defer g.mu.Unlock()
		g.afterResize(aws.ToString(in.AutoScalingGroupName))
	}
}

// read lists the weights by name and type, and by colour.
func (g *guardian) read() (weights map[string]map[string]int, fenced bool) {
	weights = map[string]map[string]int{}
	for _, r := range g.eye.records(g.t) {
		if r.Type == r53types.RRTypeTxt {
			fenced = fenced || strings.HasPrefix(*r.Name, "_bluegreen")
		}
		if r.Weight == nil {
			continue
		}
		key := *r.Name + " " + string(r.Type)
		if weights[key] == nil {
			weights[key] = map[string]int{}
		}
		weights[key][*r.SetIdentifier] = int(*r.Weight)
	}
	return weights, fenced
}

func (g *guardian) afterBatch() {
	before := g.weights
	g.weights, g.fenced = g.read()
	for _, key := range g.keys {
		sum := 0
		for _, n := range g.weights[key] {
			sum += n
		}
		if sum == 0 {
			g.note("%s has no record with weight: %v", key, g.weights[key])
		}
		for color, n := range g.weights[key] {
			if was, had := before[key][color]; !had || was == 0 && n > 0 {
				g.proven(key, traffic.Color(color))
			}
		}
	}
	line := fmt.Sprint(g.weights[g.keys[0]])
	if len(g.history) == 0 || g.history[len(g.history)-1] != line {
		g.history = append(g.history, line)
	}
}

// proven checks that a colour that has just got a record, or weight, can carry the traffic.
func (g *guardian) proven(key string, color traffic.Color) {
	healthy, want := g.eye.healthy(g.t, color), *g.eye.group(g.t, color.Other()).DesiredCapacity
	if g.hurried {
		want = 1
	}
	if healthy < int(want) {
		g.note("%s got a record of %s, which has %d healthy targets while %s wants %d", key, color, healthy, color.Other(), want)
	}
}

func (g *guardian) afterResize(group string) {
	for _, c := range traffic.Colors {
		if group != g.eye.name(c, "asg") {
			continue
		}
		was, now := g.sizes[c], g.eye.group(g.t, c)
		g.sizes[c] = sizes{*now.MinSize, *now.DesiredCapacity}
		if g.weights[g.keys[0]][string(c)] == 0 {
			continue
		}
		if *now.DesiredCapacity < was.desired {
			g.note("%s serves (%v), and its desired capacity went from %d to %d", c, g.weights[g.keys[0]], was.desired, *now.DesiredCapacity)
		}
		if *now.MinSize < was.min && *now.MinSize < g.floor[c] {
			g.note("%s serves (%v), and its minimum went from %d to %d (%d was found)", c, g.weights[g.keys[0]], was.min, *now.MinSize, g.floor[c])
		}
	}
}

func (g *guardian) note(format string, args ...any) {
	g.broken = append(g.broken, fmt.Sprintf(format, args...))
}

// moved says whether a colour ever got weight while the guardian watched.
func (g *guardian) moved(color traffic.Color) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, line := range g.history {
		if strings.Contains(line, string(color)+":") && !strings.Contains(line, string(color)+":0") {
			return true
		}
	}
	return false
}

// check reports the promises that were broken.
func (g *guardian) check() {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range g.broken {
		g.t.Error("promise broken: " + b)
	}
}
