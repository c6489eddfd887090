package lab_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/demo/lab"
)

// The file says the same as the settings that processes in this program get.
func TestConfigFile(t *testing.T) {
	for _, speed := range []float64{40, 300} {
		dir := filepath.Join(t.TempDir(), "new")
		l, err := lab.Open(t.Context(), dir, lab.Options{Speed: speed, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		read, err := bluegreen.LoadConfig(l.ConfigFile())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l.Config(), read); diff != "" {
			t.Errorf("speed %g (-settings +file):\n%s", speed, diff)
		}
		l.Close()
		if _, err := os.Stat(l.ConfigFile()); err != nil {
			t.Errorf("a directory that somebody has named was cleared away: %v", err)
		}
	}
}

func TestLab(t *testing.T) {
	l, err := lab.Open(t.Context(), "", lab.Options{Speed: 300, Seed: 1, Latency: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	// Blue serves.
	addr, err := l.Balancer(t.Context(), "blue")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || res.Header.Get("X-App-Version") != "v1" {
		t.Errorf("%s from %s: %s %v", res.Status, res.Header.Get("X-App-Version"), body, err)
	}

	// Calls take as long as was asked for.
	app, err := l.App("the test", nil)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if _, err := app.Cloud.DNS.Zone(t.Context(), l.Made.ZoneID); err != nil || time.Since(begun) < 20*time.Millisecond {
		t.Errorf("a call took %s: %v", time.Since(begun), err)
	}

	// A directory of its own goes with it.
	l.Close()
	if _, err := os.Stat(filepath.Dir(l.ConfigFile())); !os.IsNotExist(err) {
		t.Errorf("its directory is left: %v", err)
	}
}
