package bluegreen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// Workflow names, as the journal keeps them.
const (
	workflowClone   = "clone"
	workflowCutover = "cutover"
	workflowRetire  = "retire"
)

// CutoverOptions is what a cutover is asked for.
type CutoverOptions struct {
	To      traffic.Color
	Rollout Rollout
	// Image is the one that the new colour gets first, in a clone or in place; none when empty.
	Image    string
	Accepted []string // what a clone may lose, by name
	// Container is the reference of the image that the agent is to run in the new colour; the one it has when empty. Replace
	// drops user data that starts a container itself.
	Container string
	Replace   bool
	// Bake is the file of settings by which the image is baked first; none when empty.
	Bake string
}

// makes says that the new colour does not stay as it stands.
func (o CutoverOptions) makes() bool {
	return o.Image != "" || o.Container != "" || o.Replace || o.Bake != ""
}

// Plan is what a command would do.
type Plan struct {
	Workflow  string
	Situation Situation
	State     State
	Steps     []step.Step[State]
	Standby   string // who serves if the live side turns unhealthy now
	Notes     []string

	bakery *Bakery // that has planned what is baked
}

// PlanCutover reads the account and says what a cutover would do. It changes nothing.
func (a *App) PlanCutover(ctx context.Context, o CutoverOptions) (Plan, error) {
	return a.plan(ctx, workflowCutover, o)
}

// plan reads the account and plans a cutover or a clone.
func (a *App) plan(ctx context.Context, workflow string, o CutoverOptions) (Plan, error) {
	var mayMiss traffic.Color
	if o.makes() {
		mayMiss = o.To
	}
	s, err := a.survey(ctx, mayMiss)
	if err != nil {
		return Plan{}, err
	}
	if err := a.unfinished(ctx, s); err != nil {
		return Plan{}, err
	}
	if err := a.preflight(s, o.To, !o.makes()); err != nil {
		return Plan{}, err
	}
	now := time.Now().UTC()
	state := State{
		Deployment: newID(now), Begun: now, To: o.To, Rollout: o.Rollout, Found: s.Weights, Set: s.Set,
		Needed:  s.Stacks[o.To.Other()].Group.Size.Desired,
		Targets: map[traffic.Color]dns.Alias{},
	}
	for c, stack := range s.Stacks {
		state.Targets[c] = stack.Alias()
	}
	for _, r := range s.Set.Records {
		if r.SetID == a.zone.App.SetIDs[o.To] {
			state.Known = append(state.Known, r)
		}
	}
	var bakery *Bakery
	if next := s.Stacks[o.To]; !o.makes() {
		err = a.fits(ctx, next.Image, next.Template.InstanceType)
	} else {
		state.Make, bakery, err = a.planMake(ctx, s, o)
	}
	if err != nil {
		return Plan{}, err
	}
	if err := a.rehearse(state); err != nil {
		return Plan{}, err
	}
	p, err := a.planned(workflow, s, state)
	p.bakery = bakery
	return p, err
}

// rehearse makes every batch of a rollout on paper, so that one that cannot be is refused before anything is changed.
func (a *App) rehearse(state State) error {
	targets := maps.Clone(state.Targets)
	if _, stands := targets[state.To]; !stands {
		targets[state.To] = dns.Alias{Name: "the-clone.", ZoneID: "Z0"}
	}
	set := state.Set
	weights := []traffic.Weights{{state.old(): state.Found[state.old()]}}
	for i := range state.Rollout.Shifts {
		weights = append(weights, state.Rollout.weights(i, state.To))
	}
	for _, w := range weights {
		records, err := a.zone.App.Reweigh(set, w, targets, state.Known...)
		if err != nil {
			return err
		}
		set = traffic.Set{Records: records}
	}
	return nil
}

// planned lists the steps of a plan.
func (a *App) planned(workflow string, s Situation, state State) (Plan, error) {
	r := a.newRun(s.Fence.Epoch + 1)
	r.State = state
	if err := r.buildSteps(workflow); err != nil {
		return Plan{}, err
	}
	p := Plan{Workflow: workflow, Situation: s, State: state, Steps: r.Steps, Standby: a.zone.App.Standby(s.Set)}
	if state.Make != nil {
		p.Notes = state.Make.notes
	}
	return p, nil
}

// Cutover moves an app's traffic to the other colour, as planned.
func (a *App) Cutover(ctx context.Context, p Plan) error { return a.begin(ctx, p) }

// begin runs a plan as a new deployment.
func (a *App) begin(ctx context.Context, p Plan) error {
	if err := a.nobodyElse(ctx, p.Situation); err != nil {
		return err
	}
	r := a.newRun(p.Situation.Fence.Epoch + 1)
	r.State, r.bakery = p.State, p.bakery
	if err := r.buildSteps(p.Workflow); err != nil {
		return err
	}
	r.Begin(p.State.Deployment, p.Workflow, r.epoch)
	return r.carry(ctx)
}

// carry runs what is left of a deployment, holding the lease.
func (r *run) carry(ctx context.Context) error {
	err := r.leading(ctx, r.Run)
	return r.finish(ctx, err)
}

// finish turns the end of a run into its command's error, and tells about it.
func (r *run) finish(ctx context.Context, err error) error {
	outcome := r.Record().Outcome
	r.report(Event{Event: Finished, Outcome: string(outcome), Text: r.summary(outcome)})
	var preempted *traffic.PreemptedError
	if errors.As(err, &preempted) && r.StatusOf("fence") == step.Doing {
		return &exit.Problem{Code: exit.Locked, Err: fmt.Errorf("deployment %s was faster: %w", preempted.By.Deployment, err), Try: "switcher status"}
	}
	if r.Record().Seq < 0 && awserr.Transient(err) { // not even the intent was stored
		return &exit.Problem{Code: exit.Failed, Err: err, Try: "the same again"}
	}
	return ended(ctx, r.State.Deployment, outcome, err)
}

func (r *run) summary(outcome step.Outcome) string {
	if outcome == "" {
		return "stopped where it was"
	}
	took := time.Since(r.State.Begun).Round(time.Second)
	return fmt.Sprintf("%s after %s, weights %s", outcome, took, r.weights(&r.State))
}

// asNeeded marks calls of a plan that are left out where there is nothing to change when it comes to them.
const asNeeded = " (as needed)"

// cutoverSteps is the whole of a cutover, in order.
func (r *run) cutoverSteps(s *State) []step.Step[State] {
	from, to := s.old(), s.To
	fromGroup, toGroup := r.Config.Stack(from).Group, r.Config.Stack(to).Group
	steps := append([]step.Step[State]{r.fenceStep(s), r.settleStep(s)}, r.makeSteps(s)...)
	steps = append(steps, []step.Step[State]{
		{
			Name: "pin-" + string(from), Title: fmt.Sprintf("pin %s at its %d instances", from, s.Needed),
			Calls: []string{"autoscaling CreateOrUpdateTags " + fromGroup, "autoscaling UpdateAutoScalingGroup " + fromGroup + asNeeded},
			Do:    r.pinOld, Undo: r.unpinOld, Back: fmt.Sprintf("unpin %s", from),
		},
		{
			Name: "size-" + string(to), Title: fmt.Sprintf("size %s as %s: %d instances", to, from, s.Needed),
			Calls: []string{"autoscaling CreateOrUpdateTags " + toGroup, "autoscaling UpdateAutoScalingGroup " + toGroup + asNeeded},
			Do:    r.sizeNew, Undo: r.unsizeNew, Back: fmt.Sprintf("give %s the limits that it had", to),
		},
		{Name: "ready", Title: fmt.Sprintf("wait until %s is in service", to), Do: r.awaitReady},
		{Name: "probe", Title: fmt.Sprintf("probe %s as clients would, before it gets traffic", to), Do: r.probeNew},
	}...)
	for i := range s.Rollout.Shifts {
		steps = append(steps, r.shiftSteps(s, i)...)
	}
	return append(steps,
		step.Step[State]{
			Name: "release", Title: fmt.Sprintf("note in the fence that %s is no longer held at capacity", from),
			Calls: []string{"route53 ChangeResourceRecordSets"}, Do: r.release,
		},
		step.Step[State]{
			Name: "unpin", Title: "unpin both minimums",
			Calls: []string{
				"autoscaling UpdateAutoScalingGroup " + fromGroup + asNeeded, "autoscaling DeleteTags " + fromGroup,
				"autoscaling UpdateAutoScalingGroup " + toGroup + asNeeded, "autoscaling DeleteTags " + toGroup,
			},
			Do: r.unpinBoth,
		},
		step.Step[State]{
			Name: "end", Title: "note the end in the fence",
			Calls: []string{"route53 ChangeResourceRecordSets"},
			Do:    func(ctx context.Context, s *State) error { return r.mark(ctx, s, traffic.OpDone, traffic.Free) },
		},
	)
}

func (r *run) fenceStep(s *State) step.Step[State] {
	return step.Step[State]{
		Name: "fence", Title: fmt.Sprintf("take the fence%s", r.unlisting(s)),
		Calls: []string{"route53 ChangeResourceRecordSets"}, Do: r.takeFence, Undo: r.leaveFence,
		Back: "note in the fence how it ended",
	}
}

func (r *run) settleStep(s *State) step.Step[State] {
	return step.Step[State]{Name: "settle", Title: fmt.Sprintf("wait until no name server knows a record of %s", s.To), Do: r.settle}
}

// shiftSteps are those of one shift: move, see it everywhere, watch.
func (r *run) shiftSteps(s *State, i int) []step.Step[State] {
	last := i == len(s.Rollout.Shifts)-1
	n, share := i+1, s.Rollout.Shifts[i]
	move := step.Step[State]{
		Name: fmt.Sprintf("shift-%d", n), Title: fmt.Sprintf("shift to %d%% %s (%s)", share, s.To, s.Rollout.weights(i, s.To)),
		Calls: []string{"route53 ChangeResourceRecordSets"},
		Do:    func(ctx context.Context, s *State) error { return r.shift(ctx, s, i) },
	}
	if i == 0 {
		move.Undo, move.Back = r.shiftBack, fmt.Sprintf("give all traffic back to %s", s.old())
	}
	watch := step.Step[State]{
		Name: fmt.Sprintf("watch-%d", n), Title: fmt.Sprintf("watch %s for %s", s.To, s.Rollout.Interval),
		Do: func(ctx context.Context, s *State) error { return r.watch(ctx, s, s.Rollout.Interval) },
	}
	if last {
		watch.Name, watch.Title = "hold", fmt.Sprintf("hold %s at capacity and watch %s for %s", s.old(), s.To, s.Rollout.Hold)
		watch.Do = func(ctx context.Context, s *State) error { return r.watch(ctx, s, s.Rollout.Hold, r.keepUp) }
	}
	return []step.Step[State]{
		move,
		{Name: fmt.Sprintf("verify-%d", n), Title: fmt.Sprintf("verify shift %d at every name server", n), Do: r.verify},
		watch,
	}
}

// unlisting says which record goes when the fence is taken.
func (r *run) unlisting(s *State) string {
	if _, has := s.Found[s.To]; has {
		return fmt.Sprintf(" and remove the records of %s, which has yet to prove itself", s.To)
	}
	return ""
}

// takeFence says to everybody that this deployment moves the weights now. The new colour has no record until it has passed
// its gates: Route 53 would turn to it if the live one got sick.
func (r *run) takeFence(ctx context.Context, s *State) error {
	from := s.old()
	return r.apply(ctx, s, traffic.OpBegin, traffic.Free, traffic.Weights{from: s.Found[from]}, from)
}

// leaveFence notes the end of a deployment that was undone.
func (r *run) leaveFence(ctx context.Context, s *State) error {
	if s.fence().Deployment != s.Deployment {
		return nil // it was never taken
	}
	op := traffic.OpFailed
	if s.Served {
		op = traffic.OpBack
	}
	return r.mark(ctx, s, op, traffic.Free)
}

// settle waits only if a record was removed: taking the fence alone is true at once for all who change records.
func (r *run) settle(ctx context.Context, s *State) error {
	if _, had := s.Found[s.To]; !had {
		return nil
	}
	return r.verify(ctx, s)
}

func (r *run) release(ctx context.Context, s *State) error {
	return r.mark(ctx, s, traffic.OpShift, traffic.Free)
}

// nobodyElse refuses to begin while another process lives that has not come to the fence yet.
func (a *App) nobodyElse(ctx context.Context, s Situation) error {
	lease := a.lease()
	if h, held, err := lease.Holder(ctx); err != nil || !held {
		return err
	} else if !held || h.Deployment == s.Fence.Deployment && s.Fence.Op.Ended() {
		return nil // it ended, and died before it could let go
	}
	h, alive, err := lease.Alive(ctx)
	if err != nil || !alive {
		return err
	}
	return &exit.Problem{
		Code: exit.Locked,
		Err:  fmt.Errorf("%s works on deployment %s of this app", h.Owner, h.Deployment),
		Try:  "switcher status",
	}
}
