package bluegreen

import (
	"context"
	"errors"
	"fmt"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
	"bluegreen/internal/userdata"
)

// Bakery makes the machine images of the app. What it does has a journal of its own, so that each of its functions may be
// called again after it was cut off anywhere, by another process too: it goes on with what was begun.
type Bakery struct {
	// Plan says what a bake would make now. It changes nothing.
	Plan func(ctx context.Context) (BakePlan, error)
	// Find is the image with a key; "" while there is none.
	Find func(ctx context.Context, key string) (image string, err error)
	// Bake makes the image that was planned, and proves it.
	Bake func(ctx context.Context, report Reporter) (image string, err error)
	// Promote hands an image out, unless that is done.
	Promote func(ctx context.Context, image string, report Reporter) error
	// Abandon undoes the bake with a key, if it was cut off.
	Abandon func(ctx context.Context, key string, report Reporter) error
}

// BakePlan is what a bake would make.
type BakePlan struct {
	Key          string // of all that goes into the image
	Why          string // it has to be made, or not
	Image        string // that is there already; "" if one has to be made
	Container    string // reference of the app's image on it, by digest
	Architecture string
	Bakes        []string // the calls that change something, for people
	Promotes     []string
}

// Baking is the part of a deployment's state that says what is baked.
type Baking struct {
	Settings string `json:"settings"` // the file of the bakery's settings, on the machine that began
	Key      string `json:"key"`
	Due      bool   `json:"due"` // there was no image with this key at the begin

	plan BakePlan
}

// openBakery opens the bakery by its settings.
func (a *App) openBakery(ctx context.Context, settings string) (*Bakery, error) {
	if a.Bakery == nil {
		return nil, fmt.Errorf("this process cannot bake")
	}
	return a.Bakery(ctx, settings)
}

// planBake finds out what is baked. Where the live user data tells the agent which image to run, the new colour's has to name
// the one that is baked in.
func (a *App) planBake(ctx context.Context, live Stack, o *CutoverOptions) (*Bakery, *Baking, error) {
	bakery, err := a.openBakery(ctx, o.Bake)
	if err != nil {
		return nil, nil, err
	}
	p, err := bakery.Plan(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.Image = p.Image
	if text, err := live.Template.UserData(); err != nil {
		return nil, nil, err
	} else if _, pins := userdata.Image(text); pins && !o.Replace {
		o.Container = p.Container
	}
	return bakery, &Baking{Settings: o.Bake, Key: p.Key, Due: p.Image == "", plan: p}, nil
}

// image is the one that the new colour gets, or what is known of it before it is made.
func (a *App) image(ctx context.Context, m *Make) (image.Image, error) {
	if m.Image != "" {
		return a.Cloud.Images.Get(ctx, m.Image)
	}
	return image.Image{
		ID: toBeBaked, State: image.Available, Architecture: m.Bake.plan.Architecture, Tags: map[string]string{TagAgent: ""},
	}, nil
}

// toBeBaked stands for the id of an image that is not there yet.
const toBeBaked = "that is baked"

// bakeSteps come before all that changes the stack: as long as they go on, the deployment has no more than the fence.
func (r *run) bakeSteps(s *State) []step.Step[State] {
	b := s.Make.Bake
	if b == nil {
		return nil
	}
	var steps []step.Step[State]
	if b.Due {
		steps = append(steps, step.Step[State]{
			Name: "bake", Title: fmt.Sprintf("bake an image with key %s, and prove that it boots healthy", b.Key),
			Calls: b.plan.Bakes, Do: r.bake, Undo: r.unbake, Back: "take back what the bake has made, unless it has come to its end",
		})
	}
	return append(steps, step.Step[State]{
		Name: "promote", Title: "promote that image, unless it is promoted", Calls: b.plan.Promotes, Do: r.promote,
	})
}

func (r *run) bake(ctx context.Context, s *State) error {
	if s.Make.Image != "" {
		return nil
	}
	if err := r.check(ctx, s); err != nil {
		return err
	}
	id, err := r.bakery.Bake(ctx, hearsay{r, "bake"})
	if err != nil {
		return because(ctx, err)
	}
	s.Make.Image = id
	return nil
}

func (r *run) promote(ctx context.Context, s *State) error {
	if err := r.check(ctx, s); err != nil {
		return err
	}
	return because(ctx, r.bakery.Promote(ctx, s.Make.Image, hearsay{r, "promote"}))
}

// because adds to an error why what was to be done had to stop: that the deployment was taken over, say.
func because(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return errors.Join(context.Cause(ctx), err)
}

// unbake ends what a bake that was cut off has left, so that nobody pays for it. An image that has come to be stays: it is
// proven, and the next bake of the same finds it. That the bakery cannot be had keeps nothing of the stack from being put back:
// what is left there ends by itself.
func (r *run) unbake(ctx context.Context, s *State) error {
	if s.Make.Image != "" {
		return nil
	}
	bakery, err := r.bakery, error(nil)
	if bakery == nil {
		bakery, err = r.openBakery(ctx, s.Make.Bake.Settings)
	}
	if err == nil {
		err = bakery.Abandon(ctx, s.Make.Bake.Key, hearsay{r, "bake"})
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.note(Warning, "bake", "what the bake has made stays for now: %v; its instances end by themselves, and amibake sweep takes the rest", err)
	}
	return nil
}

// supply makes sure that this process can make what a deployment that it takes over has yet to make: before it takes it
// over, since a step that fails is undone.
func (r *run) supply(ctx context.Context) (err error) {
	m := r.State.Make
	if m == nil || m.Bake == nil || r.Record().Phase != step.Running || r.StatusOf("promote") == step.Done {
		return nil
	}
	if r.bakery, err = r.openBakery(ctx, m.Bake.Settings); err != nil || m.Image != "" {
		return err
	}
	// It may have come to its end without the journal having heard of it. Then nothing that went into it is needed.
	if m.Image, err = r.bakery.Find(ctx, m.Bake.Key); err != nil || m.Image != "" {
		return err
	}
	p, err := r.bakery.Plan(ctx)
	if err != nil {
		return err
	}
	if p.Key != m.Bake.Key {
		return &exit.Problem{
			Code: exit.Failed,
			Err: fmt.Errorf("deployment %s bakes an image with key %s, and what goes into it has changed since: now the key is %s, with %s",
				r.State.Deployment, m.Bake.Key, p.Key, p.Container),
			Try: "switcher rollback, then the cutover again; or put back what has changed (amibake plan --listing)",
		}
	}
	return nil
}

// hearsay passes on what a bakery tells, as events of a step of the deployment.
type hearsay struct {
	run  *run
	step string
}

// Report implements Reporter.
func (h hearsay) Report(e Event) {
	if e.Step = h.step + "/" + e.Step; e.Step == h.step+"/" {
		e.Step = h.step
	}
	if e.Event == Finished { // of its own run; that of the deployment comes
		e.Event, e.Text, e.Outcome = Note, "run "+e.Deployment+": "+e.Text, ""
	}
	h.run.report(e)
}
