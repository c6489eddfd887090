package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"bluegreen/internal/demo/lab"
	"bluegreen/internal/sandbox/stack"
)

// latency is how long each call of an API takes while something is measured.
const latency = 50 * time.Millisecond

// allowed is how much longer than its calls, one after the other, something may take.
const allowed = 1.3

// program builds switcher as it is shipped.
func program(b testing.TB) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "switcher")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build switcher: %v\n%s", err, out)
	}
	return file
}

// instant is the speed of an account whose own delays are next to nothing: what takes time is the calls.
const instant = 1000

// openLab makes an account.
func openLab(b *testing.B, spec stack.Spec, speed float64) *lab.Lab {
	b.Helper()
	l, err := lab.Open(b.Context(), "", lab.Options{Spec: spec, Speed: speed, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.Close)
	return l
}

// slow lets every call take its time from now on.
func slow(l *lab.Lab) { l.Sandbox.Front.Latency.Set("", "", latency) }

// fast takes that back.
func fast(l *lab.Lab) { l.Sandbox.Front.Latency.Clear() }

// command prepares a program that runs in the account.
func command(l *lab.Lab, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "BLUEGREEN_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	for _, v := range l.Environment() {
		if v.Value != "" {
			cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
		}
	}
	return cmd
}

// table prints rows in columns, the first one as a heading.
func table(title string, rows ...[]string) {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "  "+strings.Join(row, "\t")+"\t")
	}
	_ = w.Flush() // into memory
	fmt.Printf("\n%s\n%s\n", title, out.String())
}

// ms is a duration as a table shows it.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

// verdict says how many times its bound something took.
func verdict(took, bound time.Duration, most float64) string {
	ratio := float64(took) / float64(bound)
	text := fmt.Sprintf("%.2f × %s (at most %.2f)", ratio, ms(bound), most)
	if ratio > most {
		text += "  OVER"
	}
	return text
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
