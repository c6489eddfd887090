package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake"
	"bluegreen/internal/cli"
)

func newBake(e *env) *cobra.Command {
	var o bakeOptions
	cmd := &cobra.Command{
		Use:   "bake",
		Short: "Make a machine image of the app, prove that it boots healthy, and promote it",
		Long: "bake does what amibake bake --promote does, by the same configuration: it makes an image with Docker, the agent and the\n" +
			"app's image on it, unless there is one of the same inputs, boots it to prove that it gets healthy, and names it in\n" +
			"Parameter Store. What goes wrong is undone; a run that was cut off is gone on with by the next one. No traffic moves:\n" +
			"cutover --bake does both.",
		Example: "  switcher bake\n  switcher bake --bake-config shop.amibake.toml",
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runBake(cmd, e, &o) },
	}
	o.addFlag(cmd)
	return cmd
}

func runBake(cmd *cobra.Command, e *env, o *bakeOptions) error {
	ctx := cmd.Context()
	app, err := e.open(ctx)
	if err != nil {
		return err
	}
	file, err := o.settingsFile(e)
	if err != nil {
		return err
	}
	b, err := openBakery(ctx, app, file)
	if err != nil {
		return badBakery(err, "switcher bake --bake-config FILE")
	}
	begun := time.Now()
	id, word, err := bakeAndPromote(cmd, b)
	b.Note(err == nil)
	if err != nil {
		return err
	}
	took := time.Since(begun).Round(time.Second)
	if e.json {
		err := json.NewEncoder(e.Out).Encode(struct {
			Event   string  `json:"event"`
			App     string  `json:"app"`
			Image   string  `json:"image"`
			Text    string  `json:"text"`
			Seconds float64 `json:"seconds"`
		}{"result", b.Settings.App, id, word, took.Seconds()})
		if err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
		return nil
	}
	e.line("%s: %s, in %s", b.Settings.App, word, took)
	return nil
}

func bakeAndPromote(cmd *cobra.Command, b *bake.Bakery) (id, word string, err error) {
	p, err := b.Plan(cmd.Context())
	if err != nil {
		return "", "", err
	}
	if p.Due() {
		made, err := b.Bake(cmd.Context(), p)
		if err != nil {
			return "", "", err
		}
		id, word = made.Image, "baked "+made.Image+" ("+made.Name+")"
	} else {
		id, word = p.Existing.ID, "nothing to bake: "+p.Why
	}
	if _, err := b.PromoteIfNew(cmd.Context(), id); err != nil {
		return "", "", err
	}
	return id, word + ", promoted", nil
}
