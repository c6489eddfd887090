package recipe

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is Sent is not started by user data, which only says that all is there.
func TestUserDataOfSent(t *testing.T) {
	b := anyBuilder()
	b.Sent = true
	userData, err := b.UserData()
	got := text(t, userData, err)
	_, end, _ := strings.Cut(got, "\nruncmd:\n")
	if want := "  - touch /var/lib/amibake/placed\n"; end != want {
		t.Errorf("it runs\n%s, want\n%s", end, want)
	}
	want := "AMIBAKE_CONSOLE='/run/amibake.said'\nAMIBAKE_LOG='/run/amibake.log'\nAMIBAKE_REPEAT='1'\n"
	if settings := part(t, got, "settings"); !strings.Contains(settings, want) {
		t.Errorf("its settings:\n%s", settings)
	}
}

// Systems Manager would take what is in double braces for its own.
func TestCommandHasNoBraces(t *testing.T) {
	if text := Command(90*time.Second + 1); strings.Contains(text, "{{") || !strings.HasPrefix(text, "limit=91\n") {
		t.Errorf("it is\n%s", text)
	}
}

// outcome is what a command came to.
type outcome struct {
	report       Report
	well         bool
	text, errors string
}

// commanded runs a command on an instance, as the agent of Systems Manager would.
func (i *instance) commanded(t *testing.T, script string) outcome {
	t.Helper()
	cmd := i.command(t.Context(), "exec", i.id, "sh", "-c", script)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return outcome{Parse(stdout.String(), guest.Run), err == nil, stdout.String(), stderr.String()}
}

// prepared puts a builder on an instance that has the agent. It runs one script.
func (i *instance) prepared(t *testing.T, script string) {
	t.Helper()
	c, b := failing()
	c.Scripts = []Piece{{"script.sh", 0o755, []byte("#!/bin/sh\n" + script)}}
	bundle, err := c.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	b.Inline, b.Sent = bundle, true
	userData, err := b.UserData()
	if err != nil {
		t.Fatal(err)
	}
	i.settle(t, userData)
}

var span = regexp.MustCompile(`after \d+ s\b`)

// TestCommand has guests started and heard by commands: once each, however many there are.
func TestCommand(t *testing.T) {
	host, image := base(t)
	i := boot(t, host, image)
	i.sh(t, place("/usr/local/bin/bluegreen-agent", strings.Replace(agentScript, "pull)", "version) echo 1.2.0 ;;\npull)", 1)))
	long := Command(10 * time.Minute)
	renew := func() {
		i.sh(t, "systemctl stop amibake-guest amibake-deadman.timer; systemctl reset-failed; rm -rf "+work+" /run/amibake.*")
	}

	t.Run("sent twice, and again", func(t *testing.T) {
		defer renew()
		ends := make(chan outcome, 2)
		for range 2 {
			go func() { ends <- i.commanded(t, long) }()
		}
		i.prepared(t, "echo ran >>/ran\nsleep 1\n") // they wait for it
		one, other := <-ends, <-ends
		if one.report.Ready == nil || one.report.Ready.Digest != digest || one.report.Stage != "done" || !one.well {
			t.Fatalf("it ended well: %v, %s%s", one.well, one.text, one.errors)
		}
		for _, same := range []outcome{other, i.commanded(t, long)} {
			if diff := cmp.Diff(one.report, same.report); diff != "" || !same.well {
				t.Errorf("the other command (well: %v; %s):\n%s", same.well, same.errors, diff)
			}
		}
		if got := i.sh(t, "cat /ran; ls -d "+work+" 2>&1 || true"); !strings.HasPrefix(got, "ran\n") || strings.Count(got, "ran\n") != 1 {
			t.Errorf("the script has done: %s", got)
		}
		if n := strings.Count(one.text, "amibake "+guest.Run+" ready "); n != 1 || len(one.text) > 4000 {
			t.Errorf("it says so %d times, in %d characters", n, len(one.text))
		}
		if strings.Contains(i.console(t), "amibake "+guest.Run) {
			t.Errorf("it says so on the console")
		}
	})
	for name, c := range map[string]struct {
		command, script, prepare string
		want                     Failed
		log, errors              string // in them
	}{
		"a script that fails": {
			long, "seq 100 | sed 's/$/ " + strings.Repeat("x", 400) + "/'\nexit 3\n", "",
			Failed{"scripts", "001-script.sh ended with 3"}, "\n100 xxx", "the guest's script ended with: exit-code\n",
		},
		"a script that does not end": {
			Command(20 * time.Second), "echo begins\nsleep infinity\n", "systemctl start docker", // so that scripts are reached soon
			Failed{"scripts", "not done after N s"}, "\nbegins", "the guest's script ended with: timeout\n",
		},
		"an instance that was rebooted": {
			long, "exit 0\n", "mkdir -p " + work + "begun",
			Failed{"start", "it was begun before: has the instance been rebooted?"}, "", "the guest's script ended with: exit-code\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer renew()
			i.sh(t, c.prepare)
			i.prepared(t, c.script)
			got := i.commanded(t, c.command)
			if got.report.Failed == nil {
				t.Fatalf("it does not say that it failed: %s%s", got.text, got.errors)
			}
			got.report.Failed.Reason = span.ReplaceAllString(got.report.Failed.Reason, "after N s")
			if diff := cmp.Diff(c.want, *got.report.Failed); diff != "" || got.well || got.errors != c.errors {
				t.Errorf("well: %v, %q\n%s", got.well, got.errors, diff)
			}
			if log := "\n" + strings.Join(got.report.Log, "\n"); !strings.Contains(log, c.log) {
				t.Errorf("its log:\n%s", log)
			}
			if len(got.text) > 24000 { // of which Run Command keeps no more
				t.Errorf("it has %d characters", len(got.text))
			}
			i.sh(t, "systemctl is-active amibake-deadman.timer")
		})
	}
	t.Run("user data that never comes", func(t *testing.T) {
		got := i.commanded(t, strings.Replace(long, "-gt 600", "-gt 2", 1))
		if got.well || !strings.HasPrefix(got.errors, "user data has not placed the guest's script within ten minutes\n") || got.text != "" {
			t.Errorf("well: %v, %q, %q", got.well, got.text, got.errors)
		}
	})
}
