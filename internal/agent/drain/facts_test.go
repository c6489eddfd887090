package drain

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func stopNothing(context.Context) error { return nil }

// drainer makes one for a file, with all that it logs.
func drainer(t *testing.T, file string, change func(*Options)) (*Drainer, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	o := Options{
		Instance: "i-1", Boot: "b-1", File: file, Healthy: func() bool { return true }, Refuse: func(Cause) {}, Stop: stopNothing,
		Uptime: func() time.Duration { return 5 * time.Minute }, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	if change != nil {
		change(&o)
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d, &log
}

func TestFactsAreFoundAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run", "drain.json")
	d, _ := drainer(t, file, nil)
	if cause, draining := d.Draining(); draining {
		t.Fatalf("a new drainer drains for %s", cause)
	}
	d.begin(Rebalance)
	d.begin(Termination)
	d.begin(Rebalance)
	d.begin(Shutdown)

	next, log := drainer(t, file, nil)
	want := []string{"rebalance", "termination"}
	var got []string
	for _, e := range next.facts.Causes {
		got = append(got, e.What)
		if e.Uptime != 5*time.Minute {
			t.Errorf("%s came at %v", e.What, e.Uptime)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if cause, draining := next.Draining(); !draining || cause != Rebalance {
		t.Errorf("draining %v for %q", draining, cause)
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", log)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
}

func TestFactsOfOthers(t *testing.T) {
	mine := `{"version":1,"instance":"i-1","boot":"b-1","causes":[{"what":"termination","uptime_ns":1000,"time":"2026-01-02T03:04:05Z"}]}`
	for _, c := range []struct {
		name, text string
		drains     bool
		log        string
	}{
		{"mine", mine, true, ""},
		{"of a clock that was wrong", strings.Replace(mine, "2026", "2099", 1), true, ""},
		{"of another instance, whose disk this was", strings.Replace(mine, "i-1", "i-2", 1), false, "another instance or boot"},
		{"of another boot", strings.Replace(mine, "b-1", "b-2", 1), false, "another instance or boot"},
		{"of another version", strings.Replace(mine, `n":1,`, `n":2,`, 1), false, "is of version 2, want 1"},
		{"torn", mine[:40], false, "cannot be read"},
		{"empty", "", false, "cannot be read"},
		{"not mine at all", `["hello"]`, false, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "drain.json")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			d, log := drainer(t, file, nil)
			if _, drains := d.Draining(); drains != c.drains {
				t.Errorf("drains: %v", drains)
			}
			if c.log == "" && log.Len() > 0 || !strings.Contains(log.String(), c.log) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// TestFactsThatCannotBeNoted does not keep the drain from going on.
func TestFactsThatCannotBeNoted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := 0
	d, log := drainer(t, filepath.Join(file, "drain.json"), func(o *Options) { o.Refuse = func(Cause) { refused++ } })
	d.begin(Termination)
	d.begin(Spot)
	if _, draining := d.Draining(); !draining || refused != 1 {
		t.Errorf("draining %v, refused %d times", draining, refused)
	}
	if n := strings.Count(log.String(), "note the drain for the next agent"); n != 1 {
		t.Errorf("said %d times: %s", n, log)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	good := func() Options {
		return Options{Instance: "i-1", Healthy: func() bool { return true }, Refuse: func(Cause) {}, Stop: stopNothing}
	}
	for name, spoil := range map[string]func(*Options){
		"no instance":    func(o *Options) { o.Instance = "" },
		"no verdict":     func(o *Options) { o.Healthy = nil },
		"no refusal":     func(o *Options) { o.Refuse = nil },
		"no stop":        func(o *Options) { o.Stop = nil },
		"negative delay": func(o *Options) { o.Delay = -time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			o := good()
			o.File = filepath.Join(t.TempDir(), "drain.json")
			if _, err := New(o); err != nil {
				t.Fatalf("the good ones are refused: %v", err)
			}
			spoil(&o)
			if _, err := New(o); err == nil {
				t.Error("they are taken")
			}
		})
	}
}

func TestParseUptime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"350735.47 234388.90\n": 350735*time.Second + 470*time.Millisecond, "0.00 0.00": 0, "7": 7 * time.Second,
		"": -time.Second, "soon": -time.Second, "-3 1": -time.Second,
	} {
		got, err := parseUptime(text)
		if err != nil {
			got = -time.Second
		}
		if got.Round(time.Millisecond) != want {
			t.Errorf("%q: got %v (%v), want %v", text, got, err, want)
		}
	}
}

func TestKernelsClock(t *testing.T) {
	clock, err := uptime()
	if err != nil {
		t.Fatal(err)
	}
	first := clock()
	boot, err := BootID()
	if err != nil || len(boot) != 36 {
		t.Errorf("boot %q, %v", boot, err)
	}
	if second := clock(); first <= 0 || second < first {
		t.Errorf("uptime %v, then %v", first, second)
	}
}
