package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/stack"
)

var peers = flag.Bool("peers", false, "ask the sandbox by the aws CLI, and moto beside it, where they are installed")

// question is a command of the aws CLI, with what it is to say.
type question struct {
	line    int
	command string
	keep    string // the name under which to keep what it says; it may be anything then
	want    string
	moto    string // what moto says instead; "" for the same
}

// TestPeers has an independent client speak to the sandbox: the aws CLI, whose protocols and parsers are botocore's. The same
// questions go to moto, as a second opinion on what AWS would say. `make peers` runs it; without the two it cannot be run.
func TestPeers(t *testing.T) {
	if !*peers {
		t.Skip("make peers runs this")
	}
	cli, err := exec.LookPath("aws")
	if err != nil {
		t.Fatalf("the aws CLI is not installed, and nothing was compared: %v", err)
	}
	questions := readQuestions(t)
	t.Run("sandbox", func(t *testing.T) {
		t.Parallel()
		sb, err := sandbox.New(sandbox.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sb.Close)
		if _, err := stack.Build(t.Context(), sb, stack.Spec{}); err != nil {
			t.Fatal(err)
		}
		ask(t, cli, sb.Endpoint(), questions, func(q question) string { return q.want })
	})
	t.Run("moto", func(t *testing.T) {
		t.Parallel()
		server, err := exec.LookPath("moto_server")
		if err != nil {
			t.Skipf("moto_server is not installed, and gives no second opinion: %v", err)
		}
		ask(t, cli, serveMoto(t, server), questions, func(q question) string {
			if q.moto != "" {
				return q.moto
			}
			return q.want
		})
	})
}

func readQuestions(t *testing.T) (all []question) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "peers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	scanner := bufio.NewScanner(file)
	for line := 1; scanner.Scan(); line++ {
		text := scanner.Text()
		answer, indented := strings.CutPrefix(text, "\t")
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case !indented:
			all = append(all, question{line: line, command: text})
		case len(all) == 0:
			t.Fatalf("line %d answers nothing", line)
		case strings.HasPrefix(answer, "as "):
			all[len(all)-1].keep = strings.TrimPrefix(answer, "as ")
		case strings.HasPrefix(answer, "moto: "):
			all[len(all)-1].moto = strings.TrimPrefix(answer, "moto: ")
		default:
			all[len(all)-1].want = answer
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// ask asks one after the other: many go by what was made before.
func ask(t *testing.T, cli, endpoint string, questions []question, want func(question) string) {
	t.Helper()
	kept, agreed := map[string]string{}, 0
	expand := func(text string) string {
		return regexp.MustCompile(`\$[a-z]+`).ReplaceAllStringFunc(text, func(name string) string {
			if value, ok := kept[name[1:]]; ok {
				return value
			}
			return name
		})
	}
	for _, q := range questions {
		got := answerOf(t, cli, endpoint, words(expand(q.command)))
		switch {
		case q.keep != "" && got != "" && got != "None" && !strings.HasPrefix(got, "("):
			kept[q.keep] = got
			agreed++
		case q.keep == "" && (got == expand(want(q)) || want(q) == "nothing" && got == "" || want(q) == "another" && got != expand(q.want)):
			agreed++
		default:
			t.Errorf("peers.txt:%d: %s\n got %s\nwant %s", q.line, q.command, got, expand(want(q)))
		}
	}
	// Passing tests print what goes to the log only if they are asked to.
	fmt.Printf("%s: %d of %d answers as expected\n", t.Name(), agreed, len(questions))
}

// words splits a command at spaces that are not in double quotes; those around JSON's own strings stay.
func words(command string) (all []string) {
	for _, word := range regexp.MustCompile(`"[^"{}]* [^"{}]*"|\S+`).FindAllString(command, -1) {
		if strings.HasPrefix(word, `"`) {
			word = strings.Trim(word, `"`)
		}
		all = append(all, word)
	}
	return all
}

var failure = regexp.MustCompile(`An error occurred \(([^)]*)\)`)

// answerOf is what the CLI prints in one line, or the code of its error in brackets.
func answerOf(t *testing.T, cli, endpoint string, command []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, cli, append(command, "--output", "text")...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + endpoint, "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=" + stack.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + stack.SecretAccessKey, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_MAX_ATTEMPTS=1", "AWS_PAGER=",
	}
	for _, name := range []string{"PYENV_ROOT", "PYENV_VERSION"} { // by which the CLI may be found
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if code := failure.FindStringSubmatch(string(exit.Stderr)); code != nil {
			return "(" + code[1] + ")"
		}
		return fmt.Sprintf("(%v: %s)", err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// serveMoto starts moto on a port of its own, for as long as the test.
func serveMoto(t *testing.T, server string) (endpoint string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(free.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	cmd := exec.Command(server, "-H", "127.0.0.1", "-p", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	endpoint = "http://127.0.0.1:" + port
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		if reply, err := http.Get(endpoint + "/moto-api/"); err == nil {
			_ = reply.Body.Close()
			return endpoint
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("moto does not answer")
		}
	}
}
