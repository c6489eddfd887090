package recipe

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/pattern"
)

// The console of an instance is the last 64 KB of what anybody has written to it: the kernel writes into the middle of others'
// lines, terminals end lines in their own ways, and the first line may have lost its beginning. So a line of the guest
//
//	amibake RUN KIND TEXT CHECKSUM
//
// begins anywhere, ends with the beginning of the SHA-256 of what is before it, and is said several times. Lines of the log of
// a failure have a number instead; they prove nothing, and may suffer.

// Report is what a guest has said so far. At most one of Ready, Failed and Verified is not nil.
type Report struct {
	Stage    string // the last that it has begun; "" for none
	Ready    *Ready
	Failed   *Failed
	Verified *Verified
	Log      []string // the last lines of its log, if it failed; some may be missing
}

// Ready is what a builder says when an AMI can be made of it.
type Ready struct {
	Agent  string // version of the package
	Digest string // of the app's image
	Docker string // version
	OS     string // "Debian GNU/Linux 12 (bookworm)"
	Kernel string // version of the one that runs
	Notes  []string
	Times  map[string]time.Duration // of the stages, to the second
}

// Failed is what a guest says when it cannot go on.
type Failed struct {
	Stage  string
	Reason string
}

var (
	digests = pattern.Lazy(`^sha256:[0-9a-f]{64}$`)
	stages  = pattern.Lazy(`^[a-z-]{1,20}$`)
	escapes = pattern.Lazy(`\x1b(\[[0-9;?]*[ -/]*[@-~]|[@-Z\\^_])`)
)

// Parse finds what the guest of a run has said.
func Parse(console, run string) Report {
	var r Report
	if !runID().MatchString(run) {
		return r
	}
	log := map[int]string{}
	for line := range strings.SplitSeq(plain(console), "\n") {
		_, text, ours := strings.Cut(line, "amibake "+run+" ")
		if !ours {
			continue
		}
		kind, rest, _ := strings.Cut(text, " ")
		if kind == "log" {
			keep(log, rest)
			continue
		}
		if said, whole := unseal(run, kind, rest); whole {
			r.take(kind, said)
		}
	}
	if r.Failed != nil {
		r.Ready, r.Verified = nil, nil // it knows that something is wrong
		for _, n := range slices.Sorted(maps.Keys(log)) {
			r.Log = append(r.Log, log[n])
		}
	}
	return r
}

// take notes what a line says, if it makes sense.
func (r *Report) take(kind, said string) {
	switch kind {
	case "stage":
		if stages().MatchString(said) {
			r.Stage = said
		}
	case "failed":
		if stage, reason, ok := strings.Cut(said, ": "); ok && stages().MatchString(stage) {
			r.Failed = &Failed{Stage: stage, Reason: reason}
		}
	case "ready":
		if ready := readReady(said); ready != nil {
			r.Ready = ready
		}
	case "verified":
		if verified := readVerified(said); verified != nil {
			r.Verified = verified
		}
	}
}

// maxLog bounds the lines of a log that are kept.
const maxLog = 200

func keep(log map[int]string, rest string) {
	number, text, ok := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if ok && err == nil && n > 0 && n <= maxLog && strings.HasPrefix(text, log[n]) { // or it is one that was cut off
		log[n] = text
	}
}

func readReady(said string) *Ready {
	var raw struct {
		Agent, Digest, Docker, OS, Kernel string
		Notes                             []string
		Seconds                           map[string]int
	}
	if json.Unmarshal([]byte(said), &raw) != nil || raw.Agent == "" || !digests().MatchString(raw.Digest) {
		return nil
	}
	ready := &Ready{Agent: raw.Agent, Digest: raw.Digest, Docker: raw.Docker, OS: raw.OS, Kernel: raw.Kernel, Notes: raw.Notes, Times: map[string]time.Duration{}}
	for stage, s := range raw.Seconds {
		ready.Times[stage] = time.Duration(s) * time.Second
	}
	return ready
}

// checksum is how many hex digits a line ends with.
const checksum = 8

// Say is a line as a guest writes it: KIND is "stage", "ready", "failed" or "verified".
func Say(run, kind, text string) string {
	line := "amibake " + run + " " + kind + " " + text
	return line + " " + SHA256([]byte(line))[:checksum]
}

// unseal is the text of a line whose checksum is right.
func unseal(run, kind, rest string) (text string, ok bool) {
	rest = strings.TrimRight(rest, " ")
	i := len(rest) - checksum - 1
	if i < 0 || rest[i] != ' ' {
		return "", false
	}
	return rest[:i], Say(run, kind, rest[:i]) == "amibake "+run+" "+kind+" "+rest
}

// plain is a console without what only terminals understand, and with line feeds alone.
func plain(console string) string {
	text := escapes().ReplaceAllString(strings.ReplaceAll(strings.ToValidUTF8(console, ""), "\r", "\n"), "")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f {
			return r
		}
		return -1
	}, text)
}

// Tail is the last lines of a console, for the message about a guest that says nothing.
func Tail(console string, lines int) []string {
	var all []string
	for line := range strings.SplitSeq(plain(console), "\n") {
		if strings.TrimSpace(line) != "" {
			all = append(all, line)
		}
	}
	return all[max(0, len(all)-lines):]
}
