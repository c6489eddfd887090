package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake"
	"bluegreen/internal/cli"
	"bluegreen/internal/exit"
)

func newPlan(e *env) *cobra.Command {
	var listing bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say whether a bake is due, why, and what it would do; change nothing",
		Long: "plan finds out what would go into an AMI now, computes its key, and looks for an AMI that is made of just that. If\n" +
			"there is none it prints each step of the bake with every call that changes something.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			p, err := b.Plan(cmd.Context())
			if err != nil {
				return err
			}
			if e.json {
				return e.object(planObject(p))
			}
			printPlan(e, b, p, listing)
			return nil
		},
	}
	cmd.Flags().BoolVar(&listing, "listing", false, "print what the key is made of, to find out why two keys differ")
	return cmd
}

func planObject(p bake.Plan) any {
	type call struct {
		Step  string   `json:"step"`
		Title string   `json:"title"`
		Calls []string `json:"calls,omitempty"`
	}
	o := struct {
		Due   bool   `json:"due"`
		Why   string `json:"why"`
		Key   string `json:"key"`
		Image string `json:"image,omitempty"`
		Name  string `json:"name,omitempty"`
		Base  string `json:"base"`
		App   string `json:"app_image"`
		Run   string `json:"unfinished_run,omitempty"`
		Steps []call `json:"steps,omitempty"`
	}{Due: p.Due(), Why: p.Why, Key: p.Key, Base: p.State.Base, App: p.State.App}
	if p.Turn.Pending != nil {
		o.Run = p.Turn.Pending.Run
	}
	if !p.Due() {
		o.Image, o.Name = p.Existing.ID, p.Existing.Name
		return o
	}
	o.Name = p.State.Name
	for _, s := range p.Steps {
		o.Steps = append(o.Steps, call{s.Name, s.Title, s.Calls})
	}
	return o
}

func printPlan(e *env, b *bake.Bakery, p bake.Plan, listing bool) {
	if p.Due() {
		e.line("a bake of %s is due: %s", b.Settings.App, p.Why)
	} else {
		e.line("nothing to bake: %s", p.Why)
	}
	e.line("  base AMI   %s", p.State.Base)
	e.line("  app        %s", p.State.App)
	if p.State.Agent != "" {
		e.line("  agent      %s", p.State.Agent)
	}
	if pending := p.Turn.Pending; pending != nil {
		e.line("  unfinished run %s (%s): the next bake goes on with it, or undoes it if it was about other inputs", pending.Run, pending.Workflow)
	}
	if listing {
		e.line("\nthe key %s is made of\n%s", p.Key, p.Listing)
	}
	if !p.Due() {
		return
	}
	e.line("  AMI name   %s", p.State.Name)
	e.line("")
	for i, s := range p.Steps {
		e.line("%3d. %s", i+1, s.Title)
		for _, call := range s.Calls {
			e.line("       %s", call)
		}
	}
}

type bakeOptions struct {
	force   bool
	promote bool
	locked  string
	jitter  time.Duration
}

func newBake(e *env) *cobra.Command {
	var o bakeOptions
	cmd := &cobra.Command{
		Use:   "bake",
		Short: "Make an AMI and prove that it boots healthy, unless there is one of the same inputs",
		Long: "bake launches a builder with no key pair and no way in, has it install Docker, the agent and the app's image, makes an\n" +
			"AMI of it, boots a test instance of that, and notes in the AMI's tags that it is proven. What goes wrong is undone; a\n" +
			"run that was cut off is gone on with by the next bake. It may run from cron every hour.",
		Example: "  amibake bake\n  amibake bake --promote --if-locked=skip --jitter 10m   # for cron",
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runBake(cmd, e, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.force, "force", false, "bake even if there is an AMI of the same inputs")
	f.BoolVar(&o.promote, "promote", false, "promote the AMI that is there at the end, unless it is promoted already")
	f.StringVar(&o.locked, "if-locked", "fail", "`what` to do while another process bakes: fail (11), or skip (0)")
	f.DurationVar(&o.jitter, "jitter", 0, "wait for a random time up to this `long` first, so that a fleet of timers does not start at once")
	return cmd
}

func runBake(cmd *cobra.Command, e *env, o bakeOptions) error {
	if o.locked != "fail" && o.locked != "skip" {
		return cli.Usagef("--if-locked: must be fail or skip (got %q)", o.locked)
	}
	if o.jitter < 0 {
		return cli.Usagef("--jitter: must not be negative (got %s)", o.jitter)
	}
	ctx := cmd.Context()
	b, err := e.open(ctx)
	if err != nil {
		return err
	}
	if o.jitter > 0 {
		timer := time.NewTimer(rand.N(o.jitter))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return exit.ErrInterrupted
		}
	}
	begun := time.Now()
	id, word, err := bakeOnce(cmd, b, o)
	if exit.CodeOf(err) == exit.Locked && o.locked == "skip" {
		return e.result(b, begun, "", "skipped: "+err.Error(), nil)
	}
	b.Note(err == nil)
	return e.result(b, begun, id, word, err)
}

// bakeOnce bakes if that is due, and promotes if that was asked for.
func bakeOnce(cmd *cobra.Command, b *bake.Bakery, o bakeOptions) (id, word string, err error) {
	p, err := b.Plan(cmd.Context())
	if err != nil {
		return "", "", err
	}
	if p.Due() || o.force {
		made, err := b.Bake(cmd.Context(), p)
		if err != nil {
			return made.Image, "", err
		}
		id, word = made.Image, "baked "+made.Image+" ("+made.Name+")"
	} else {
		id, word = p.Existing.ID, "nothing to bake: "+p.Why
	}
	if !o.promote {
		return id, word, nil
	}
	moved, err := b.PromoteIfNew(cmd.Context(), id)
	if moved {
		word += ", promoted"
	}
	return id, word, err
}

// result prints the one line that a cron job's log needs.
func (e *env) result(b *bake.Bakery, begun time.Time, image, word string, err error) error {
	took := time.Since(begun).Round(time.Second)
	if err != nil {
		return err
	}
	if e.json {
		return e.object(struct {
			Event   string  `json:"event"`
			App     string  `json:"app"`
			Image   string  `json:"image,omitempty"`
			Text    string  `json:"text"`
			Seconds float64 `json:"seconds"`
		}{"result", b.Settings.App, image, word, took.Seconds()})
	}
	e.line("%s: %s, in %s", b.Settings.App, word, took)
	return nil
}

func newVerify(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "verify AMI",
		Short: "Boot an instance of an AMI and prove that it gets healthy",
		Long: "verify launches a test instance of an AMI, waits for the agent to say that the app is healthy, and compares digest,\n" +
			"versions, IMDSv2, open ports and the time that it took with what they have to be. It terminates the instance, and\n" +
			"notes in the AMI's tags that it is proven. Nothing connects to the instance: it says all of this on its console.",
		Args: oneImage,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			begun := time.Now()
			s, err := b.Verify(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			word := fmt.Sprintf("%s is proven", args[0])
			if v := s.Verified; v != nil {
				word += fmt.Sprintf(": healthy %s after its boot, image %s, agent %s, Docker %s", v.Boot.Round(100*time.Millisecond), v.Digest, v.Agent, v.Docker)
			}
			return e.result(b, begun, args[0], word, nil)
		},
	}
}

// oneImage wants the id of an AMI.
func oneImage(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || len(args[0]) < 5 || args[0][:4] != "ami-" {
		return cli.Usagef("%s takes the id of one AMI (got %q)", cmd.CommandPath(), args)
	}
	return nil
}
