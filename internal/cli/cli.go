// Package cli is what the programs have in common on a terminal: how they end, how they tell what happens, how they ask.
package cli

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"bluegreen/internal/exit"
)

// Streams are a program's ends.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// InTTY and ErrTTY say whether a person is there to answer, and to look.
	InTTY, ErrTTY bool
}

// System are the streams of this process.
func System() Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTTY: term.IsTerminal(int(os.Stdin.Fd())), ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// UsageError is a command line that makes no sense. Nothing was tried.
type UsageError struct {
	Err error
	Try string // what to type next; the command's help when empty
}

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// ToldError is the end of a command that has said itself why it failed.
type ToldError struct{ Code int }

func (e *ToldError) Error() string { return fmt.Sprintf("exit status %d", e.Code) }

// End prints why a command failed, and what to type next, and returns its exit code.
func End(s Streams, program string, asJSON bool, err error) int {
	var told *ToldError
	switch {
	case err == nil:
		return int(exit.Done)
	case errors.As(err, &told):
		return told.Code
	}
	code := int(exit.CodeOf(err))
	try := ""
	var usage *UsageError
	var problem *exit.Problem
	switch {
	case errors.As(err, &usage):
		code, try = int(exit.Usage), cmp.Or(usage.Try, program+" --help")
	case errors.As(err, &problem):
		try = problem.Try
	}
	if asJSON {
		_ = json.NewEncoder(s.Out).Encode(map[string]any{"event": "error", "text": err.Error(), "exit_code": code, "try": try})
	}
	s.say("%s: %s\n", program, indent(err.Error()))
	if try != "" {
		fmt.Fprintf(s.Err, "  try: %s\n", try)
	}
	return code
}

// indent keeps the lines of a long error together.
func indent(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }

// ClearLine empties the line of a terminal on which the cursor stands.
const ClearLine = "\r\x1b[K"

// say prints to people, over what a progress.Printer may have left in the last line of their terminal.
func (s Streams) say(format string, args ...any) {
	if s.ErrTTY {
		format = ClearLine + format
	}
	fmt.Fprintf(s.Err, format, args...)
}

// Confirm asks a yes-or-no question. Where nobody can answer, yes has to be said by the flag that replaces the question.
func Confirm(s Streams, yes bool, question string) error {
	if yes {
		return nil
	}
	if !s.InTTY {
		return Usagef("nobody is there to confirm it: add --yes")
	}
	fmt.Fprintf(s.Err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(s.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &exit.Problem{Code: exit.Failed, Err: errors.New("not confirmed; nothing was changed")}
}
