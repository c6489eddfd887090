package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/cli"
	"bluegreen/internal/exit"
)

func newStatus(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show both colors, what each name server answers, and the newest deployment",
		Long: "status reads everything side by side: both colors with their weight, load balancer, targets, sizes and image, what\n" +
			"each delegated name server answers, and the newest deployment with what it waits for. It changes nothing.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			st := app.Status(cmd.Context())
			if e.json {
				if err := json.NewEncoder(e.Out).Encode(st); err != nil {
					return fmt.Errorf("print the status: %w", err)
				}
			} else {
				printStatus(e, st)
			}
			if len(st.Problems) > 0 {
				return &exit.Problem{Code: exit.Failed, Err: fmt.Errorf("not all could be read: %s", strings.Join(st.Problems, "\n"))}
			}
			return nil
		},
	}
}

func printStatus(e *env, st bluegreen.Status) {
	w := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }
	row(append([]string{"app " + st.App}, each(st, func(c bluegreen.ColorStatus) string { return strings.ToUpper(string(c.Color)) })...)...)
	row(append([]string{"weight"}, each(st, weightText)...)...)
	row(append([]string{"version"}, each(st, func(c bluegreen.ColorStatus) string { return orDash(c.Version) })...)...)
	row(append([]string{"image"}, each(st, func(c bluegreen.ColorStatus) string { return orDash(c.Image) })...)...)
	row(append([]string{"template"}, each(st, func(c bluegreen.ColorStatus) string { return orDash(c.Template) })...)...)
	row(append([]string{"load balancer"}, each(st, func(c bluegreen.ColorStatus) string { return c.Balancer + " " + orDash(c.State) })...)...)
	row(append([]string{"targets"}, each(st, func(c bluegreen.ColorStatus) string { return fmt.Sprintf("%d of %d healthy", c.Healthy, c.Targets) })...)...)
	row(append([]string{"group"}, each(st, func(c bluegreen.ColorStatus) string { return c.Group })...)...)
	row(append([]string{"instances"}, each(st, func(c bluegreen.ColorStatus) string {
		return fmt.Sprintf("%d in service, min %d, desired %d, max %d", c.Service, c.Size.Min, c.Size.Desired, c.Size.Max)
	})...)...)
	_ = w.Flush()
	for _, c := range st.Colors {
		if c.Problem != "" {
			e.line("%s: %s", c.Color, c.Problem)
		}
		if c.Pin != "" {
			e.line("%s is pinned: %s", c.Color, c.Pin)
		}
	}
	if st.Standby != "" {
		e.line("\nif the live side turns unhealthy, who serves? %s", st.Standby)
	}
	printServers(e, st)
	printDeployment(e, st.Deployment)
}

func printServers(e *env, st bluegreen.Status) {
	if len(st.Servers) == 0 {
		return
	}
	e.line("\nname servers")
	for _, s := range st.Servers {
		state := "has the newest change"
		if !s.Current {
			state = "does not have the newest change yet"
		}
		if s.Problem != "" {
			state = s.Problem
		}
		e.line("  %-28s %s; answers %s", s.Name, state, orDash(strings.Join(s.Answers, " ")))
	}
}

func printDeployment(e *env, d *bluegreen.DeploymentStatus) {
	if d == nil {
		e.line("\nno deployment yet")
		return
	}
	e.line("\ndeployment %s to %s: %s (epoch %d, weights before: %s, old color %s)", d.ID, d.To, d.Op, d.Epoch, d.Was, d.Old)
	if d.Outcome != "" {
		e.line("  ended: %s", d.Outcome)
	}
	if d.Cause != "" {
		e.line("  because: %s", d.Cause)
	}
	if d.Step != "" && !d.Op.Ended() {
		e.line("  step: %s", d.Step)
	}
	if d.Holder != nil {
		e.line("  carried by %s since %s", d.Holder.Owner, d.Holder.Since.Format(time.RFC3339))
		if d.Holder.Doing != "" {
			e.line("  at its last heartbeat: %s", d.Holder.Doing)
		}
	} else if !d.Op.Ended() {
		e.line("  nobody carries it: switcher resume, or switcher rollback")
	}
}

func each(st bluegreen.Status, cell func(bluegreen.ColorStatus) string) []string {
	cells := make([]string, len(st.Colors))
	for i, c := range st.Colors {
		cells[i] = cell(c)
	}
	return cells
}

func weightText(c bluegreen.ColorStatus) string {
	if c.Weight == nil {
		return "no record"
	}
	return strconv.Itoa(*c.Weight) + fmt.Sprintf(" (%.0f%%)", 100*c.Share)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
