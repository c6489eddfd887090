package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/traffic"
)

func newPlan(e *env) *cobra.Command {
	o := &cutoverOptions{}
	cmd := &cobra.Command{
		Use:   "plan --to COLOR",
		Short: "Say what a cutover would do, and change nothing",
		Long: "plan reads the account, refuses what cutover would refuse, and prints each step of the cutover with every call\n" +
			"that changes something, and who serves if the live side turns unhealthy.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, plan, err := o.plan(cmd.Context(), cmd, e)
			if err != nil {
				return err
			}
			if e.json {
				return printPlanJSON(e, plan)
			}
			printPlan(e, plan)
			return nil
		},
	}
	o.addFlags(cmd)
	return cmd
}

// printPlan prints a plan for people.
func printPlan(e *env, p bluegreen.Plan) {
	from, to := p.State.To.Other(), p.State.To
	e.line("%s %s: %s (%s) → %s (%s)", p.Workflow, p.State.Deployment, from, p.Situation.Stacks[from].Version(), to, next(p))
	e.line("  weights now   %s", p.Situation.Weights)
	e.line("  if %s gets sick now, who serves? %s", strings.Join(colors(p.Situation.Weights.Live()), " and "), p.Standby)
	for _, note := range p.Notes {
		e.line("  note: %s", note)
	}
	e.line("")
	for i, s := range p.Steps {
		e.line("%3d. %s", i+1, s.Title)
		for _, call := range s.Calls {
			e.line("       %s", call)
		}
	}
}

// next is what the new color will run.
func next(p bluegreen.Plan) string {
	if p.State.Make != nil {
		return cmp.Or(p.State.Make.Image, "an image that is baked")
	}
	return p.Situation.Stacks[p.State.To].Version()
}

func colors(list []traffic.Color) []string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = string(c)
	}
	return texts
}

// planJSON is a plan for machines.
type planJSON struct {
	Event      string     `json:"event"`
	Workflow   string     `json:"workflow"`
	Deployment string     `json:"deployment"`
	From       string     `json:"from"`
	To         string     `json:"to"`
	Weights    string     `json:"weights"`
	Standby    string     `json:"standby"`
	Notes      []string   `json:"notes,omitempty"`
	Steps      []planStep `json:"steps"`
}

type planStep struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Calls []string `json:"calls"`
}

func printPlanJSON(e *env, p bluegreen.Plan) error {
	out := planJSON{
		Event: "plan", Workflow: p.Workflow, Deployment: p.State.Deployment, From: string(p.State.To.Other()),
		To: string(p.State.To), Weights: p.Situation.Weights.String(), Standby: p.Standby, Notes: p.Notes,
	}
	for _, s := range p.Steps {
		out.Steps = append(out.Steps, planStep{Name: s.Name, Title: s.Title, Calls: s.Calls})
	}
	if err := json.NewEncoder(e.Out).Encode(out); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	return nil
}
