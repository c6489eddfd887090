package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// Status is what an app looks like at one moment. A part that cannot be read says why, and hides no other.
type Status struct {
	App        string            `json:"app"`
	Zone       string            `json:"zone"`
	Colors     []ColorStatus     `json:"colors"`
	Servers    []ServerStatus    `json:"name_servers"`
	Standby    string            `json:"standby"` // who serves if the live side turns unhealthy
	Deployment *DeploymentStatus `json:"deployment,omitempty"`
	Problems   []string          `json:"problems,omitempty"`
}

// ColorStatus is one colour.
type ColorStatus struct {
	Color    traffic.Color `json:"color"`
	Weight   *int          `json:"weight"` // nil: no record
	Share    float64       `json:"share"`  // of new connections, 0 to 1
	Balancer string        `json:"load_balancer"`
	State    string        `json:"load_balancer_state"`
	Healthy  int           `json:"healthy"`
	Targets  int           `json:"targets"`
	Group    string        `json:"group"`
	Size     group.Size    `json:"size"`
	Service  int           `json:"in_service"`
	Image    string        `json:"image"`
	Version  string        `json:"version"`
	Template string        `json:"template"` // "lt-0123/7"
	Pin      string        `json:"pin,omitempty"`
	Problem  string        `json:"problem,omitempty"`
}

// ServerStatus is what one name server answers.
type ServerStatus struct {
	Name    string   `json:"name"`
	Current bool     `json:"current"` // it answers the newest fence
	Answers []string `json:"answers"` // addresses of the app's first name, at this moment
	Problem string   `json:"problem,omitempty"`
}

// DeploymentStatus is the newest deployment.
type DeploymentStatus struct {
	ID      string          `json:"id"`
	Op      traffic.Op      `json:"op"`
	To      traffic.Color   `json:"to"`
	Epoch   int64           `json:"epoch"`
	Was     string          `json:"was"`
	Old     string          `json:"old_capacity"`
	Step    string          `json:"step,omitempty"` // the one under way
	Outcome step.Outcome    `json:"outcome,omitempty"`
	Cause   string          `json:"cause,omitempty"`
	Holder  *journal.Holder `json:"holder,omitempty"`
}

// Status reads everything, side by side.
func (a *App) Status(ctx context.Context) Status {
	st := Status{App: a.Config.App, Zone: a.zone.App.Zone, Colors: make([]ColorStatus, len(traffic.Colors))}
	var mu sync.Mutex
	problem := func(err error) {
		if err == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		st.Problems = append(st.Problems, err.Error())
	}
	var all errgroup.Group
	var situation Situation
	var readErr error
	all.Go(func() error {
		readErr = a.readSet(ctx, &situation)
		problem(readErr)
		if situation.HasFence {
			problem(a.deploymentStatus(ctx, &st, situation.Fence))
		}
		if readErr == nil {
			problem(a.serverStatus(ctx, &st, situation.Set))
		}
		return nil
	})
	for i, c := range traffic.Colors {
		all.Go(func() error {
			var err error
			if st.Colors[i], err = a.colorStatus(ctx, c); !errors.Is(err, awserr.ErrNotFound) { // a color may well not stand
				problem(err)
			}
			return nil
		})
	}
	_ = all.Wait() // every part keeps its own problem
	if readErr == nil {
		st.Standby = a.zone.App.Standby(situation.Set) + idle(situation.Weights, st.Colors)
		for i := range st.Colors {
			if n, has := situation.Weights[st.Colors[i].Color]; has {
				st.Colors[i].Weight = &n
			}
			st.Colors[i].Share = situation.Weights.Share(st.Colors[i].Color)
		}
	}
	slices.Sort(st.Problems)
	return st
}

// idle adds to who would serve that it cannot, where that is so.
func idle(w traffic.Weights, colors []ColorStatus) string {
	for _, c := range colors {
		if n, has := w[c.Color]; has && n == 0 && c.Healthy == 0 {
			return fmt.Sprintf("; but %s has no healthy target now", c.Color)
		}
	}
	return ""
}

func (a *App) colorStatus(ctx context.Context, color traffic.Color) (ColorStatus, error) {
	names := a.Config.Stack(color)
	c := ColorStatus{Color: color, Balancer: names.LoadBalancer, Group: names.Group}
	stack, err := a.stack(ctx, color)
	if err != nil {
		c.Problem = err.Error()
	}
	c.State, c.Healthy, c.Targets = stack.Balancer.State, stack.Healthy(), stack.Total()
	c.Size, c.Service, c.Pin = stack.Group.Size, stack.Group.InService(), stack.Group.Tags[tagPin]
	if stack.Image.ID != "" {
		c.Image, c.Version = stack.Image.ID, stack.Version()
	}
	if stack.Group.TemplateID != "" {
		c.Template = stack.Group.TemplateID + "/" + stack.Group.TemplateVersion
	}
	return c, err
}

func (a *App) serverStatus(ctx context.Context, st *Status, set traffic.Set) error {
	servers, err := a.nameServers(ctx)
	if err != nil {
		return err
	}
	want := "" // before the first deployment all servers are as current as they can be
	if set.Fence != nil {
		want = strings.Trim(strings.Join(set.Fence.Values, ""), `"`)
	}
	st.Servers = make([]ServerStatus, len(servers))
	var all errgroup.Group
	for i, server := range servers {
		all.Go(func() error {
			s := ServerStatus{Name: server.Name}
			fence, errFence := a.Resolver.Ask(ctx, server, a.zone.App.Fence, "TXT")
			addrs, errAddrs := a.Resolver.Ask(ctx, server, a.zone.App.Names[0], "A")
			if err := errors.Join(errFence, errAddrs); err != nil {
				s.Problem = err.Error()
			}
			s.Current = want == "" || slices.Contains(fence.Values, want)
			s.Answers = addrs.Values
			st.Servers[i] = s
			return nil
		})
	}
	return all.Wait()
}

func (a *App) deploymentStatus(ctx context.Context, st *Status, f traffic.Fence) error {
	d := &DeploymentStatus{ID: f.Deployment, Op: f.Op, To: f.To, Epoch: f.Epoch, Was: f.Was.String(), Old: string(f.Old)}
	st.Deployment = d
	record, errRecord := a.store().Latest(ctx, f.Deployment)
	if isNoRun(errRecord) {
		errRecord = nil
	}
	d.Outcome, d.Cause = record.Outcome, record.Cause
	for name, status := range record.Steps {
		if status == step.Doing || status == step.Undoing {
			d.Step = string(status) + " " + name
		}
	}
	holder, held, errLease := a.lease().Holder(ctx)
	if held {
		d.Holder = &holder
	}
	return errors.Join(errRecord, errLease)
}
