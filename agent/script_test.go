package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"bluegreen/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){program: func() { os.Exit(run(cli.System(), os.Args[1:])) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": cmdExits},
	})
}

// cmdExits runs a program that has to end with an exit code:
//
//	exits CODE PROGRAM [ARGUMENT]…
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	var exited *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exited) {
		code = exited.ExitCode()
	} else {
		ts.Check(err)
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code != want {
		ts.Fatalf("it ended with exit code %d, want %d", code, want)
	}
}
