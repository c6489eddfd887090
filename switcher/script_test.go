package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"bluegreen/internal/cli"
)

var update = flag.Bool("update", false, "rewrite what tests compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"switcher": func() { os.Exit(run(cli.System(), os.Args[1:])) },
		"exitcode": exitCode,
	})
}

// said is the file in which exitCode keeps what a program says.
const said = "said"

// exitCode runs a program, passes interrupts on to it, and prints its exit code: of a process in the background a script
// can see no more than whether it is zero. What the program says on its way is in the file said, where a script can wait for it.
func exitCode() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt)
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	file, err := os.Create(said)
	if err != nil {
		panic(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, io.MultiWriter(os.Stderr, file)
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s) // it may be gone already
		}
	}()
	var exited *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exited) {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("exit " + strconv.Itoa(cmd.ProcessState.ExitCode()) + "\n")
}

// TestScripts runs the commands as users do, each script in an account of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[accountKey{}] = &scriptAccount{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"account":    cmdAccount,
			"appears":    cmdAppears,
			"deregister": cmdDeregister,
			"suspend":    cmdSuspend,
			"tag":        cmdTag,
			"await":      cmdAwait,
			"bakery":     cmdBakery,
			"exits":      cmdExits,
			"fault":      cmdFault,
			"mutations":  cmdMutations,
			"record":     cmdRecord,
			"setting":    cmdSetting,
			"source":     cmdSource,
			"tidy":       cmdTidy,
		},
	})
}
