package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// misspelled is how many letters may be wrong in the name of a command for it to be suggested.
const misspelled = 2

// Root prepares the root command of a program whose commands have all been added: it speaks by the program's streams and in the
// words of usage errors, and says with each command what its exit codes mean.
func Root(root *cobra.Command, s Streams, exitCodes string) {
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SilenceErrors, root.SilenceUsage, root.SuggestionsMinimumDistance = true, true, misspelled
	root.Args = noCommand
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &UsageError{Err: err} })
	for _, c := range root.Commands() {
		c.Long += "\n" + exitCodes
	}
}

// Execute runs a program's root command to its end, says what went wrong, and returns the exit code. asJSON is read at the end:
// it may be a flag.
func Execute(ctx context.Context, s Streams, root *cobra.Command, args []string, asJSON *bool) int {
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	var usage *UsageError
	if errors.As(err, &usage) && usage.Try == "" {
		usage.Try = cmd.CommandPath() + " --help"
	}
	return End(s, root.Name(), *asJSON, err)
}

// NoArgs refuses what a command does not know, in the words of a usage error.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("%s takes no argument %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// noCommand refuses a command that there is not, and says which one may be meant.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	try := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		try = root.Name() + " " + near[0]
	}
	return &UsageError{Err: fmt.Errorf("there is no command %q", args[0]), Try: try}
}

// NewVersion is the command that prints the version of a program.
func NewVersion(s Streams, program, version string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Long: "version prints the version of " + program + ".", Args: NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(s.Out, "%s %s\n", program, version)
			return nil
		},
	}
}
