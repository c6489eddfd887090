package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/step"
)

// The environment variables of amibake, which mean the same here.
const (
	varBakeConfig = "AMIBAKE_CONFIG" // its configuration file, where --bake-config is not given
	varBakePoll   = "AMIBAKE_POLL"   // the pause between two looks at what takes minutes
)

// bakeFile is the configuration file of amibake.
const bakeFile = "amibake.toml"

// bakeOptions say by which settings is baked.
type bakeOptions struct {
	wanted bool
	file   string
}

func (o *bakeOptions) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.file, "bake-config", "", "configuration `file` of amibake, for what is baked (AMIBAKE_CONFIG; "+bakeFile+" beside that of switcher)")
}

// settingsFile is where the settings are, for any process of this machine.
func (o *bakeOptions) settingsFile(e *env) (string, error) {
	file := cmp.Or(o.file, os.Getenv(varBakeConfig), filepath.Join(filepath.Dir(e.configFile()), bakeFile))
	return filepath.Abs(file)
}

// openBakery connects to the account for the images of an app, by the settings in a file. It makes no call.
func openBakery(ctx context.Context, app *bluegreen.App, file string) (*bake.Bakery, error) {
	s, err := settings.Load(file)
	if err != nil {
		return nil, err
	}
	if s.App != app.Config.App {
		return nil, fmt.Errorf("%s is about the app %s, and switcher's configuration about %s", file, s.App, app.Config.App)
	}
	poll := bake.DefaultPoll
	if text := os.Getenv(varBakePoll); text != "" {
		if poll, err = time.ParseDuration(text); err != nil || poll <= 0 {
			return nil, cli.Usagef("%s: must be a time span such as \"15s\" (got %q)", varBakePoll, text)
		}
	}
	cloud, err := aws.ConnectBakery(ctx, aws.Options{Region: cmp.Or(s.Region, app.Cloud.Region)})
	if err != nil {
		return nil, err
	}
	if cloud.Region != app.Cloud.Region {
		return nil, fmt.Errorf("%s is about the region %s, and switcher works in %s: an image that is made there is none here", file, cloud.Region, app.Cloud.Region)
	}
	return &bake.Bakery{Settings: s, Cloud: cloud, Report: app.Report, Owner: app.Owner, Poll: poll}, nil
}

// bakes lets an app's deployments bake. A deployment that another process began names the file of that one's machine: one that
// is given here goes before it, and one that is found here stands in for it.
func (e *env) bakes(app *bluegreen.App, o *bakeOptions, try string) {
	app.Bakery = func(ctx context.Context, recorded string) (*bluegreen.Bakery, error) {
		file := cmp.Or(o.file, recorded)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && o.file == "" {
			here, err := o.settingsFile(e)
			if err != nil {
				return nil, err
			}
			if _, err := os.Stat(here); err == nil {
				file = here
			}
		}
		b, err := openBakery(ctx, app, file)
		if err != nil {
			return nil, badBakery(err, try)
		}
		return forDeployment(b), nil
	}
}

// badBakery says that the settings are of no use.
func badBakery(err error, try string) error {
	var usage *cli.UsageError
	if errors.As(err, &usage) {
		return err
	}
	return &cli.UsageError{Err: fmt.Errorf("what is to be baked: %w", err), Try: try}
}

// freshFor is how long a bake may wait after it was planned: for somebody's word, or for name servers.
const freshFor = 10 * time.Minute

// forDeployment is a bakery as a deployment calls it.
func forDeployment(b *bake.Bakery) *bluegreen.Bakery {
	var planned bake.Plan
	telling := func(report bluegreen.Reporter) *bake.Bakery {
		own := *b
		own.Report = report
		return &own
	}
	return &bluegreen.Bakery{
		Plan: func(ctx context.Context) (out bluegreen.BakePlan, err error) {
			if planned, err = b.Plan(ctx); err != nil {
				return out, err
			}
			return describeBake(ctx, b, planned)
		},
		Find: func(ctx context.Context, key string) (string, error) { return idOf(b.Find(ctx, key)) },
		Bake: func(ctx context.Context, report bluegreen.Reporter) (string, error) {
			// A plan carries the time at which its instances end.
			if time.Since(planned.State.Began) > freshFor {
				again, err := b.Plan(ctx)
				if err != nil || !again.Due() {
					return idOf(again.Existing, err)
				}
				if again.Key != planned.Key {
					return "", fmt.Errorf("what goes into the image has changed since the plan: its key was %s, and is %s", planned.Key, again.Key)
				}
				planned = again
			}
			made, err := telling(report).Bake(ctx, planned)
			return made.Image, err
		},
		Promote: func(ctx context.Context, id string, report bluegreen.Reporter) error {
			_, err := telling(report).PromoteIfNew(ctx, id)
			return err
		},
		Abandon: func(ctx context.Context, key string, report bluegreen.Reporter) error {
			return telling(report).Abandon(ctx, key)
		},
	}
}

func idOf(i *image.Image, err error) (string, error) {
	if i == nil {
		return "", err
	}
	return i.ID, err
}

// describeBake is what a deployment has to know of a bake.
func describeBake(ctx context.Context, b *bake.Bakery, p bake.Plan) (bluegreen.BakePlan, error) {
	out := bluegreen.BakePlan{
		Key: p.Key, Why: "nothing to bake: " + p.Why, Container: p.State.App,
		Bakes: changes(p.Steps), Promotes: changes(b.PromotionSteps()),
	}
	if p.Existing != nil {
		out.Image, out.Architecture = p.Existing.ID, p.Existing.Architecture
		return out, nil
	}
	out.Why = "a bake is due: " + p.Why
	base, err := b.Cloud.Images.Get(ctx, p.State.Base)
	out.Architecture = base.Architecture
	return out, err
}

// changes are the calls of steps that change something, each with what it is for.
func changes[S any](steps []step.Step[S]) []string {
	var lines []string
	for _, s := range steps {
		if len(s.Calls) > 0 {
			lines = append(lines, s.Title+": "+strings.Join(s.Calls, ", "))
		}
	}
	return lines
}
