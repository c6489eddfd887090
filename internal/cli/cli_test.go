package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/exit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ending is what is left of a command.
type ending struct {
	Code     int
	Out, Err string
}

func TestEnd(t *testing.T) {
	problem := func(code exit.Code, try string) error {
		return fmt.Errorf("shift: %w", &exit.Problem{Code: code, Err: errors.New("no"), Try: try})
	}
	for name, c := range map[string]struct {
		err  error
		json bool
		tty  bool
		want ending
	}{
		"nothing":                      {nil, true, true, ending{}},
		"an error":                     {errors.New("broken"), false, false, ending{1, "", "switcher: broken\n"}},
		"several errors":               {errors.Join(errors.New("broken"), errors.New("and more")), false, false, ending{1, "", "switcher: broken\n  and more\n"}},
		"a usage error":                {Usagef("no flag --x"), false, false, ending{2, "", "switcher: no flag --x\n  try: switcher --help\n"}},
		"a usage error of a command":   {&UsageError{Err: errors.New("no flag --x"), Try: "switcher plan --help"}, false, false, ending{2, "", "switcher: no flag --x\n  try: switcher plan --help\n"}},
		"a usage error deep inside":    {fmt.Errorf("read: %w", Usagef("no flag --x")), false, false, ending{2, "", "switcher: read: no flag --x\n  try: switcher --help\n"}},
		"rolled back":                  {problem(exit.RolledBack, ""), false, false, ending{3, "", "switcher: shift: no\n"}},
		"dirty":                        {problem(exit.Dirty, "switcher status"), false, false, ending{4, "", "switcher: shift: no\n  try: switcher status\n"}},
		"waiting":                      {problem(exit.Waiting, "switcher resume"), false, false, ending{8, "", "switcher: shift: no\n  try: switcher resume\n"}},
		"locked":                       {problem(exit.Locked, "switcher status"), false, false, ending{11, "", "switcher: shift: no\n  try: switcher status\n"}},
		"interrupted":                  {fmt.Errorf("wait: %w", exit.ErrInterrupted), false, false, ending{130, "", "switcher: wait: interrupted\n"}},
		"over the last line of a wait": {errors.New("broken"), false, true, ending{1, "", "\r\x1b[Kswitcher: broken\n"}},
		"a command that has said it":   {&ToldError{Code: 4}, true, false, ending{Code: 4}},
		"an error for machines as well": {problem(exit.Dirty, "switcher status"), true, false, ending{
			4, `{"event":"error","exit_code":4,"text":"shift: no","try":"switcher status"}` + "\n", "switcher: shift: no\n  try: switcher status\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := End(Streams{Out: &out, Err: &errs, ErrTTY: c.tty}, "switcher", c.json, c.err)
			if diff := cmp.Diff(c.want, ending{code, out.String(), errs.String()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	const declined, nobody = "not confirmed; nothing was changed", "nobody is there to confirm it: add --yes"
	for name, c := range map[string]struct {
		in   io.Reader
		tty  bool
		yes  bool
		want string
		code exit.Code
		asks bool
	}{
		"the flag":              {nil, false, true, "", 0, false},
		"the flag on a TTY":     {nil, true, true, "", 0, false},
		"nobody is there":       {strings.NewReader("y\n"), false, false, nobody, 2, false},
		"y":                     {strings.NewReader("y\n"), true, false, "", 0, true},
		"Yes":                   {strings.NewReader(" Yes \n"), true, false, "", 0, true},
		"yes at the end":        {strings.NewReader("yes"), true, false, "", 0, true},
		"n":                     {strings.NewReader("n\n"), true, false, declined, 1, true},
		"something else":        {strings.NewReader("yesterday\n"), true, false, declined, 1, true},
		"nothing":               {strings.NewReader("\n"), true, false, declined, 1, true},
		"the end":               {strings.NewReader(""), true, false, declined, 1, true},
		"the second line":       {strings.NewReader("n\ny\n"), true, false, declined, 1, true},
		"a terminal that broke": {iotest.ErrReader(errors.New("gone")), true, false, "read the answer: gone", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			var errs bytes.Buffer
			err := Confirm(Streams{In: c.in, Err: &errs, InTTY: c.tty}, c.yes, "Really?")
			got := ""
			if err != nil {
				got = err.Error()
			}
			code := End(Streams{Err: io.Discard}, "switcher", false, err)
			if got != c.want || code != int(c.code) {
				t.Errorf("got %q, exit code %d", got, code)
			}
			if asked := errs.String(); asked != map[bool]string{true: "Really? [y/N] "}[c.asks] {
				t.Errorf("it asked %q", asked)
			}
		})
	}
}

// lines is a terminal of which lines can be waited for.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestInterrupt(t *testing.T) {
	said := make(lines, 1)
	ctx, stop := Interrupt(t.Context(), Streams{Err: said, ErrTTY: true})
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the context goes on")
	}
	if !errors.Is(context.Cause(ctx), exit.ErrInterrupted) {
		t.Errorf("it ended because %v", context.Cause(ctx))
	}
	if got := <-said; got != "\r\x1b[Kstopping where it is safe; once more to stop at once\n" {
		t.Errorf("it says %q", got)
	}
	stop()
	stop()
}

// A command that ends by itself leaves nothing behind that waits for signals.
func TestInterruptThatDoesNotCome(t *testing.T) {
	ctx, stop := Interrupt(t.Context(), Streams{Err: io.Discard})
	stop()
	if !errors.Is(ctx.Err(), context.Canceled) || errors.Is(context.Cause(ctx), exit.ErrInterrupted) {
		t.Errorf("it ended because %v", context.Cause(ctx))
	}
}
