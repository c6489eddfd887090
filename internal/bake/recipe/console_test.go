package recipe

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	run        = "7-20261121-030506"
	readyText  = `{"agent":"1.2.0","digest":"` + digest + `","docker":"20.10.24","os":"Debian GNU/Linux 12 (bookworm)","kernel":"6.1.0","notes":["a note"],"seconds":{"docker":12,"pull":3}}`
	provenText = `{"agent":"1.2.0","digest":"` + digest + `","docker":"20.10.24","os":"Debian","kernel":"6.1.0","phase":"serving","imds":"required","ports":[22,80,9180],"published":[80],"boot_ms":21500,"notes":[]}`
)

var (
	ready = &Ready{
		Agent: "1.2.0", Digest: digest, Docker: "20.10.24", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.1.0", Notes: []string{"a note"},
		Times: map[string]time.Duration{"docker": 12 * time.Second, "pull": 3 * time.Second},
	}
	verified = &Verified{
		Agent: "1.2.0", Digest: digest, Docker: "20.10.24", OS: "Debian", Kernel: "6.1.0", Phase: "serving", Metadata: "required",
		Ports: []int{22, 80, 9180}, Published: []int{80}, Boot: 21500 * time.Millisecond, Notes: []string{},
	}
)

func TestParse(t *testing.T) {
	say := func(kind, text string) string { return Say(run, kind, text) + "\n" }
	log := func(n int, text string) string { return fmt.Sprintf("amibake %s log %02d %s\n", run, n, text) }
	isReady := say("ready", readyText)
	failed := log(1, "Reading package lists...") + log(2, "E: Unable to locate package jq") + say("failed", "packages: apt cannot install jq")
	wantFailed := Report{
		Failed: &Failed{Stage: "packages", Reason: "apt cannot install jq"},
		Log:    []string{"Reading package lists...", "E: Unable to locate package jq"},
	}
	for name, c := range map[string]struct {
		console string
		want    Report
	}{
		"nothing":     {"", Report{}},
		"a boot":      {"[    0.000000] Linux version 6.1.0\nDebian GNU/Linux 12 ip-10-0-0-1 ttyS0\n\nip-10-0-0-1 login: ", Report{}},
		"a stage":     {say("stage", "apt") + say("stage", "docker"), Report{Stage: "docker"}},
		"ready":       {say("stage", "done") + isReady, Report{Stage: "done", Ready: ready}},
		"failed":      {failed, wantFailed},
		"verified":    {say("verified", provenText), Report{Verified: verified}},
		"all, in CRs": {strings.ReplaceAll(say("stage", "done")+isReady, "\n", "\r\n"), Report{Stage: "done", Ready: ready}},
		"no line end": {strings.TrimSuffix(isReady, "\n"), Report{Ready: ready}},

		"behind a prompt":        {"ip-10-0-0-1 login: " + isReady, Report{Ready: ready}},
		"in the kernel's line":   {"[   12.345678] eth0: link up" + isReady, Report{Ready: ready}},
		"with colors":            {"\x1b[0;32m" + strings.TrimSuffix(isReady, "\n") + "\x1b[0m\n", Report{Ready: ready}},
		"kernel within":          {isReady[:40] + "[   12.345678] eth0: link up\n" + isReady[40:], Report{}},
		"kernel within, no end":  {isReady[:40] + "[   12.345678] " + isReady[40:], Report{}},
		"kernel within, again":   {isReady[:40] + "[   12.345678] eth0: link up\n" + isReady[40:] + isReady, Report{Ready: ready}},
		"a letter less":          {strings.Replace(isReady, "1.2.0", "1.20", 1), Report{}},
		"without its end":        {isReady[:len(isReady)-3], Report{}},
		"without its beginning":  {isReady[10:], Report{}},
		"without its checksum":   {"amibake " + run + " ready " + readyText + "\n", Report{}},
		"a checksum of another":  {strings.Replace(isReady, readyText, `{"agent":"2","digest":"`+digest+`"}`, 1), Report{}},
		"the window begins here": {failed[20:], Report{Failed: wantFailed.Failed, Log: wantFailed.Log[1:]}},
		"repeated":               {failed + failed, wantFailed},
		"repeated, half":         {failed + failed[:50], wantFailed},

		"of another run":          {Say("8-20261121-030507", "ready", readyText) + "\n", Report{}},
		"of a run that begins so": {Say(run+"0", "ready", readyText) + "\n", Report{}},
		"of the one before":       {Say("6", "failed", "apt: no") + "\n" + isReady, Report{Ready: ready}},
		"quoted in a log":         {log(1, strings.TrimSuffix(isReady, "\n")) + say("failed", "scripts: 001-a.sh ended with 1"), Report{Failed: &Failed{"scripts", "001-a.sh ended with 1"}, Log: []string{strings.TrimSuffix(isReady, "\n")}}},
		"log of no failure":       {log(1, "hello"), Report{}},
		"log without numbers":     {"amibake " + run + " log hello\namibake " + run + " log 0 a\namibake " + run + " log 99999 a\n" + say("failed", "apt: no"), Report{Failed: &Failed{"apt", "no"}}},

		"ready and failed":    {isReady + failed, wantFailed},
		"failed and ready":    {failed + isReady, wantFailed},
		"two of one kind":     {say("ready", strings.Replace(readyText, "1.2.0", "1.1.0", 1)) + isReady, Report{Ready: ready}},
		"ready for nothing":   {say("ready", "{}") + say("ready", "[]") + say("ready", "") + say("ready", `{"agent":"1","digest":"latest"}`), Report{}},
		"verified by nobody":  {say("verified", "{}") + say("verified", `{"agent":"1","imds":"required"}`), Report{}},
		"failed for no cause": {say("failed", "no") + say("failed", "<b>: no"), Report{}},
		"a kind of its own":   {say("hello", "world"), Report{}},
		"no such stage":       {say("stage", "a b"), Report{}},
		"no text":             {"amibake " + run + " ready\namibake " + run + " \namibake " + run, Report{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Parse(c.console, run)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(Report{}, Parse(isReady, "")); diff != "" {
		t.Errorf("of no run:\n%s", diff)
	}
}

// However a console is cut and whatever is between its lines, what is read from it is what was said, and what was said last
// in a whole line is read.
func TestParseFindsWhatWasSaid(t *testing.T) {
	junk := rapid.OneOf(
		rapid.SampledFrom([]string{"[   12.345678] eth0: link up\r\n", "\r\n", "ip-10-0-0-1 login: ", "\x1b[1;31m", "amibake ", "amibake " + run, "amibake " + run + " ready {}\n", "\xff\x00"}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		whole := rapid.IntRange(1, 5).Draw(t, "said")
		for range whole {
			b.WriteString(junk.Draw(t, "junk"))
			b.WriteString("\n" + Say(run, "ready", readyText) + "\r\n")
		}
		b.WriteString(junk.Draw(t, "junk"))
		if got := Parse(b.String(), run); got.Ready == nil || !cmp.Equal(got.Ready, ready) {
			t.Fatalf("got %+v", got)
		}
		at := rapid.IntRange(0, b.Len()).Draw(t, "cut")
		for _, cut := range []string{b.String()[at:], b.String()[:at], b.String()[:at] + junk.Draw(t, "within") + b.String()[at:]} {
			if got := Parse(cut, run); got.Ready != nil && !cmp.Equal(got.Ready, ready) || got.Failed != nil || got.Verified != nil {
				t.Fatalf("got %+v", got)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("\r\n" + Say(run, "ready", readyText) + "\r\n" + Say(run, "verified", provenText))
	f.Add("amibake " + run + " log 01 x\n" + Say(run, "failed", "apt: no") + "\n\x1b[")
	f.Fuzz(func(t *testing.T, console string) {
		r := Parse(console, run)
		if r.Ready != nil && !digests().MatchString(r.Ready.Digest) || r.Failed != nil && (r.Failed.Stage == "" || r.Ready != nil || r.Verified != nil) || len(r.Log) > maxLog {
			t.Errorf("got %+v", r)
		}
		for _, line := range Tail(console, 5) {
			if strings.ContainsAny(line, "\n\r\x1b\x00") {
				t.Errorf("a line %q", line)
			}
		}
	})
}

func TestTail(t *testing.T) {
	console := "[0.1] a\r\n\r\n\x1b[0;1;31mFailed\x1b[0m to start x\r\n   \r\nlast\xff\x07"
	if diff := cmp.Diff([]string{"Failed to start x", "last"}, Tail(console, 2)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"[0.1] a", "Failed to start x", "last"}, Tail(console, 9)); diff != "" {
		t.Error(diff)
	}
	if got := Tail("", 3); len(got) != 0 {
		t.Errorf("of nothing: %q", got)
	}
}

func TestFaults(t *testing.T) {
	want := Want{Agent: "1.2.0", Digest: digest, Ports: []int{22, 9180}, BootLimit: time.Minute}
	if got := verified.Faults(want); got != nil {
		t.Errorf("of one that is right: %q", got)
	}
	bad := *verified
	bad.Agent, bad.Digest, bad.Phase, bad.Metadata, bad.Ports, bad.Boot = "1.1.0", "sha256:1", "waiting", "optional", []int{22, 80, 111}, 61*time.Second
	if diff := cmp.Diff([]string{
		"the image that runs is sha256:1, not " + digest,
		"the agent's version is 1.1.0, not 1.2.0",
		`the agent says that the app is "waiting", not "serving"`,
		`the metadata service without a token is "optional": IMDSv2 is not required`,
		"port 111 is open: close it, or add it to verify.ports",
		"it took 1m1s from the boot until the app was healthy, more than 1m0s",
	}, bad.Faults(want)); diff != "" {
		t.Error(diff)
	}
}
