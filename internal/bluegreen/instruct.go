package bluegreen

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
	"bluegreen/internal/userdata"
)

// TagAgent is the tag of machine images that have the agent; its value is the agent's version.
const TagAgent = "bluegreen:agent"

// planInstructions looks at the user data that instances of the new colour would get, and refuses what would not work
// together with their image.
func planInstructions(m *Make, live Stack, img image.Image) error {
	text, err := live.Template.UserData()
	if err != nil {
		return err
	}
	why, starts := userdata.StartsContainer(text)
	_, hasAgent := img.Tags[TagAgent]
	pinned, pins := userdata.Image(text)
	switch {
	case m.Replace && !starts && text != "" && !pins:
		return &exit.Problem{
			Code: exit.Usage,
			Err:  fmt.Errorf("--replace-user-data: the user data of %s starts no container, and replacing it would lose what it does", live.Color),
			Try:  "leave the flag out: --image adds the agent's settings to the user data that there is",
		}
	case m.Replace:
		return nil
	case starts && (hasAgent || m.Container != ""):
		return &exit.Problem{
			Code: exit.Failed,
			Err:  fmt.Errorf("the user data of %s starts a container itself (%s): together with the agent both would bind its port", live.Color, why),
			Try:  "--replace-user-data, which leaves the container to the agent",
		}
	case m.Container == "" && pins && hasAgent && m.Image != live.Template.Image:
		return &exit.Problem{
			Code: exit.Failed,
			Err:  fmt.Errorf("the user data of %s tells the agent to run %s, whatever image %s has in it", live.Color, pinned, m.Image),
			Try:  "name the container's image too: --image REFERENCE",
		}
	}
	return nil
}

// instructs says that the new version gets user data of its own.
func (m *Make) instructs() bool { return m.Container != "" || m.Replace }

// runs is what the new colour gets to run, for people.
func (m *Make) runs() string {
	image := cmp.Or(m.Image, toBeBaked)
	if m.Container == "" {
		return image
	}
	return image + ", of which the agent runs " + m.Container
}

// change is what the new version has other than the one that it is derived from. What the live colour launches is the better
// source of user data: it has what was changed since the other colour was made.
func (r *run) change(ctx context.Context, s *State) (template.Change, error) {
	c := template.Change{Image: s.Make.Image}
	if !s.Make.instructs() {
		return c, nil
	}
	live, err := r.Cloud.Templates.Get(ctx, s.Make.Source.ID, strconv.FormatInt(s.Make.Source.Number, 10))
	if err != nil {
		return c, err
	}
	text, err := live.UserData()
	if err != nil {
		return c, err
	}
	if s.Make.Replace {
		text = ""
	}
	c.UserData, err = userdata.WithImage(text, s.Make.Container)
	return c, err
}

// instructions lists what people should know of a move to the agent.
func (a *App) instructions(m *Make, live Stack, img image.Image) []string {
	if m == nil || !m.instructs() {
		return nil
	}
	var notes []string
	if _, tagged := img.Tags[TagAgent]; !tagged {
		notes = append(notes, fmt.Sprintf("image %s has no tag %s: make sure that the agent is in it", img.ID, TagAgent))
	}
	if !m.Replace {
		return notes
	}
	if text, err := live.Template.UserData(); err == nil {
		lines := strings.Count(strings.TrimSpace(text), "\n") + 1
		notes = append(notes, fmt.Sprintf("the user data of %s, %d lines, goes: what it does beside starting the container has to be in the image", live.Color, lines))
	}
	port := a.Config.Agent.HealthPort
	notes = append(notes, fmt.Sprintf("load balancers check health at port %d, path %s, where the agent answers", port, agentHealthPath))
	for _, app := range live.Template.SecurityGroups {
		for _, lb := range live.Balancer.SecurityGroups {
			notes = append(notes,
				fmt.Sprintf("security group %s has to let port %d in from %s:", app, port, lb),
				fmt.Sprintf("  aws ec2 authorize-security-group-ingress --group-id %s --protocol tcp --port %d --source-group %s", app, port, lb))
		}
	}
	return notes
}

// agentHealthPath is where the agent answers a load balancer's health checks.
const agentHealthPath = "/health"

// agentCheck is the health check of a colour that the agent runs: the agent answers for the app, and says 503 the moment it
// drains. Nil is none to be set: the new colour has the app's own.
func (a *App) agentCheck(o CutoverOptions, live Stack) *balancer.Check {
	port := strconv.Itoa(a.Config.Agent.HealthPort)
	byAgent := func(g balancer.Group) bool { return g.Check.Port == port }
	if o.Replace || o.Container != "" && slices.ContainsFunc(live.Groups, byAgent) {
		return &balancer.Check{Port: port, Path: agentHealthPath}
	}
	return nil
}

// planChecks keeps the health checks of a colour that stands, so that they can be given back.
func (m *Make) planChecks(next Stack) {
	if m.Check == nil {
		return
	}
	m.Checks = map[string]balancer.Check{}
	for _, g := range next.Groups {
		m.Checks[g.Name] = g.Check
	}
}

// checkStep makes the new colour's target groups ask the agent for health. It comes after the comparison with the live colour,
// whose target groups may ask the app.
func (r *run) checkStep(s *State) []step.Step[State] {
	if s.Make.Check == nil {
		return nil
	}
	names := s.Make.Targets
	if s.Make.InPlace {
		names = slices.Sorted(maps.Keys(s.Make.Checks))
	}
	var calls []string
	for _, name := range names {
		calls = append(calls, "elasticloadbalancing ModifyTargetGroup "+name+asNeeded)
	}
	return []step.Step[State]{{
		Name: "check", Title: fmt.Sprintf("check the health of %s at port %s, path %s, where the agent answers", s.To, s.Make.Check.Port, s.Make.Check.Path),
		Calls: calls, Do: r.setChecks, Undo: r.unsetChecks, Back: "check it where it was checked before",
	}}
}

func (r *run) setChecks(ctx context.Context, s *State) error {
	want := *s.Make.Check
	return r.eachCheck(ctx, s, func(g balancer.Group) (balancer.Check, bool) { return want, g.Check != want })
}

// unsetChecks gives target groups that stood before the check that was found. Those of a clone go with it.
func (r *run) unsetChecks(ctx context.Context, s *State) error {
	if s.Served {
		return nil
	}
	return r.eachCheck(ctx, s, func(g balancer.Group) (balancer.Check, bool) {
		found, stood := s.Make.Checks[g.Name]
		return found, stood && g.Check != found
	})
}

// eachCheck changes the checks of the new colour's target groups where change says so.
func (r *run) eachCheck(ctx context.Context, s *State, change func(balancer.Group) (balancer.Check, bool)) error {
	lb, err := r.Cloud.Balancers.Get(ctx, r.Config.Stack(s.To).LoadBalancer)
	if err != nil {
		return err
	}
	groups, err := r.Cloud.Balancers.Groups(ctx, lb.ARN)
	if err != nil {
		return err
	}
	for _, g := range groups {
		check, needed := change(g)
		if !needed {
			continue
		}
		set := func(ctx context.Context) error { return r.Cloud.Balancers.SetCheck(ctx, g.ARN, check) }
		if err := r.ours(ctx, s, set); err != nil {
			return err
		}
	}
	return nil
}
