package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake"
	"bluegreen/internal/cli"
)

func newHistory(e *env) *cobra.Command {
	var n int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the runs of bake, verify and promote, and what the pointer has named, newest first",
		Long: "history prints what the journal has of each run: when it began and ended, how, its AMI, and why it was undone; and below\n" +
			"it the AMIs that the pointer has named, since when, and who moved it. A bake that found nothing to do is no run, and\n" +
			"prune and sweep keep no journal. The journal keeps the last 500 runs, Parameter Store the last hundred values of the pointer.",
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n < 0 {
				return cli.Usagef("-n: must not be negative (got %d)", n)
			}
			b, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			runs, err := b.History(cmd.Context(), n)
			if err != nil {
				return err
			}
			pointer, err := b.Pointer(cmd.Context(), n)
			if err != nil {
				return err
			}
			if e.json {
				return e.historyObjects(runs, pointer)
			}
			return e.printHistory(b, runs, pointer)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "how `many` of each; 0 for all")
	return cmd
}

func (e *env) historyObjects(runs []bake.Past, pointer []bake.Pointed) error {
	for _, r := range runs {
		err := e.object(struct {
			Event string `json:"event"`
			bake.Past
		}{"run", r})
		if err != nil {
			return err
		}
	}
	for _, p := range pointer {
		err := e.object(struct {
			Event string `json:"event"`
			bake.Pointed
		}{"pointer", p})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *env) printHistory(b *bake.Bakery, runs []bake.Past, pointer []bake.Pointed) error {
	w := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i, c := range cells {
			cells[i] = cmp.Or(strings.Join(strings.Fields(c), " "), "-")
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if len(runs) == 0 {
		e.line("there was no run of %s yet", b.Settings.App)
	} else {
		row("run", "what", "begun", "ended", "how", "AMI", "why")
	}
	for _, r := range runs {
		ended := stamp(r.Last)
		if r.How == bake.Unfinished {
			ended = ""
		}
		row(r.Run, r.What, stamp(r.Began), ended, r.How, r.Image, r.Why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(pointer) == 0 {
		e.line("\nnothing was promoted yet: there is no parameter %s", b.Settings.Promote.Parameter)
		return nil
	}
	e.line("\n%s", b.Settings.Promote.Parameter)
	row("region", "since", "AMI", "moved by")
	for _, p := range pointer {
		row(p.Region, stamp(p.Since), p.Image, p.By)
	}
	return w.Flush()
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
