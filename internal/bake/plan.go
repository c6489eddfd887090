package bake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/registry"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/exit"
	"bluegreen/internal/step"
)

// Plan is what a bake would do now, and why.
type Plan struct {
	Key      string
	Listing  string       // what the key is made of
	State    Baking       // with which it would begin
	Existing *image.Image // the proven AMI with this key, if there is one: nothing is due then
	Why      string       // it is due, or not
	Turn     Turn
	Steps    []step.Step[Baking] // that it would take

	goods goods
}

// Due says whether there is anything to bake.
func (p Plan) Due() bool { return p.Existing == nil }

// Plan finds out what would go into an AMI now, and whether there is one of just that. It changes nothing.
func (b *Bakery) Plan(ctx context.Context) (Plan, error) {
	g, err := b.gather(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Key: g.inputs.Key(), Listing: g.inputs.Listing(), goods: g}
	began := time.Now().UTC().Truncate(time.Second)
	p.State = Baking{
		Began: began, Expires: began.Add(b.Settings.Build.Expiry), Key: p.Key, Base: g.inputs.Base, App: g.inputs.Image,
		Agent: g.inputs.Agent, Digest: digestOf(g.inputs.Image), Channel: b.Settings.Build.Channel,
		Ways: b.bakingWays(),
	}
	if p.State.Name, err = recipe.Name(b.Settings.Build.Name, b.Settings.App, began, p.Key); err != nil {
		return Plan{}, &exit.Problem{Code: exit.Usage, Err: err, Try: "set build.name"}
	}
	found, err := b.Cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: map[string]string{TagApp: b.Settings.App, TagKey: p.Key}})
	if err != nil {
		return Plan{}, err
	}
	if p.Existing, p.Why = b.judge(found, p.Key); p.Existing != nil {
		return p, nil // cron asks for this every hour: no call more than it takes
	}
	if p.Turn, err = b.turn(ctx); err != nil {
		return Plan{}, err
	}
	r := newRun[Baking](b, 0)
	r.State = p.State
	p.Steps = bakeSteps(r, &p.goods)
	return p, nil
}

// judge picks the AMI that makes a bake unnecessary.
func (b *Bakery) judge(found []image.Image, key string) (existing *image.Image, why string) {
	for _, i := range found {
		if i.State == image.Available && i.Tags[TagStatus] == Verified {
			return &i, fmt.Sprintf("%s (%s) has all of it: key %s", i.ID, i.Name, key)
		}
		why = fmt.Sprintf("%s has the key %s, and is no good: it is %s, and %q", i.ID, key, i.State, i.Tags[TagStatus])
	}
	if why == "" {
		why = "there is no AMI with the key " + key
	}
	return nil, why
}

// gather finds out all that goes into an AMI: from AWS side by side, and from files.
func (b *Bakery) gather(ctx context.Context) (goods, error) {
	m, err := b.Settings.Material()
	if err != nil {
		return goods{}, &exit.Problem{Code: exit.Usage, Err: err, Try: "amibake plan, once the files are there"}
	}
	g := goods{agentDeb: m.Package, cargo: recipe.Cargo{App: b.Settings.App, Settings: m.Agent, Files: pieces(m.Files), Scripts: pieces(m.Scripts)}}
	in := recipe.Inputs{
		App: b.Settings.App, Docker: b.Settings.Build.Docker, Packages: b.Settings.Build.Packages,
		Files: recipe.Sums(g.cargo.Files), Scripts: recipe.Sums(g.cargo.Scripts), Volume: b.volume(), KMSKey: b.Settings.Build.KMSKey,
	}
	if m.Agent != nil {
		in.Settings = recipe.SHA256(m.Agent)
	}
	if m.Package != nil {
		agent, err := recipe.ReadPackage(b.Settings.Agent.Package, m.Package)
		if err != nil {
			return goods{}, &exit.Problem{Code: exit.Usage, Err: err, Try: "set agent.package to a bluegreen-agent_*.deb"}
		}
		in.Agent, in.Package = agent.Version, agent.SHA256
	}
	var all sync.WaitGroup
	var noBase, noImage error
	all.Go(func() { in.Base, noBase = b.base(ctx) })
	all.Go(func() {
		in.Image, noImage = b.image(ctx)
	})
	all.Wait()
	if err := errors.Join(noBase, noImage); err != nil {
		return goods{}, err
	}
	g.inputs, g.cargo.Image = in, in.Image
	return g, nil
}

// image is the app's image by digest. A registry other than ECR is not asked: the reference has to have the digest.
func (b *Bakery) image(ctx context.Context) (string, error) {
	digest := digestOf(b.Settings.Image)
	if digest == "" {
		var err error
		if digest, err = b.Cloud.Registry.Digest(ctx, b.Settings.Image); errors.Is(err, registry.ErrForeign) {
			return "", &exit.Problem{
				Code: exit.Usage, Err: fmt.Errorf("what the tag of image %q stands for is not asked of a registry other than ECR", b.Settings.Image),
				Try: "set image to NAME@sha256:…",
			}
		} else if err != nil {
			return "", err
		}
	}
	return recipe.Pin(b.Settings.Image, digest)
}

func pieces(files []settings.Piece) []recipe.Piece {
	var all []recipe.Piece
	for _, f := range files {
		all = append(all, recipe.Piece{Name: f.Name, Mode: uint32(f.Mode), Content: f.Content})
	}
	return all
}

// gib is a gibibyte, in which EC2 sells disks.
const gib = 1 << 30

func (b *Bakery) volume() int { return int(b.Settings.Build.VolumeSize / gib) }

// base is the id of the AMI that ours are made of.
func (b *Bakery) base(ctx context.Context) (string, error) {
	switch base := b.Settings.Base; {
	case base.AMI != "":
		return base.AMI, nil
	case base.Parameter != "":
		p, err := b.Cloud.Params.Get(ctx, base.Parameter)
		return p.Value, err
	default:
		found, err := b.Cloud.Images.Find(ctx, image.Query{Owners: []string{base.Filter.Owner}, NamePattern: base.Filter.Name, Architecture: base.Filter.Architecture})
		if err != nil {
			return "", err
		}
		for _, i := range found { // the newest is the first
			if i.State == image.Available {
				return i.ID, nil
			}
		}
		return "", fmt.Errorf("no AMI of %s is named like %s for %s: check base.filter", base.Filter.Owner, base.Filter.Name, base.Filter.Architecture)
	}
}
