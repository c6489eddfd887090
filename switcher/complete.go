package main

import (
	"github.com/spf13/cobra"

	"bluegreen/internal/bluegreen"
)

// complete lets shells complete the values of flags that have few.
func complete(root *cobra.Command) {
	values := map[string][]string{
		"to":       {"blue", "green"},
		"strategy": bluegreen.Strategies,
		"stack":    {"alb"},
	}
	for _, cmd := range root.Commands() {
		for flag, list := range values {
			if cmd.Flags().Lookup(flag) == nil {
				continue
			}
			err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp))
			if err != nil {
				panic(err) // the flag is there, and has no other
			}
		}
	}
}
