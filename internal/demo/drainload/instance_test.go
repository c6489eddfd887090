package drainload_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/agent/serve"
)

// addr is an instance's private address.
func (w *world) addr(id string) netip.Addr {
	w.sb.Account.Lock()
	defer w.sb.Account.Unlock()
	m, _ := w.sb.EC2.Metadata(id)
	return m.Addr
}

// container is what an instance is.
func (w *world) container(t *testing.T, id string) string {
	t.Helper()
	all, err := w.engine.Containers(t.Context(), map[string]string{"bluegreen.sandbox.instance": id})
	if err != nil || len(all) != 1 {
		t.Fatalf("the containers of %s: %v %v", id, all, err)
	}
	return all[0].ID
}

// in runs a script on an instance, which has to succeed, and returns what it prints.
func (w *world) in(t *testing.T, id, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done, err := w.engine.Exec(ctx, w.container(t, id), "bash", "-euo", "pipefail", "-c", script)
	if err != nil || done.ExitCode != 0 {
		t.Fatalf("on %s: %s: %v, exit %d\n%s", id, script, err, done.ExitCode, done.Output)
	}
	return strings.TrimSpace(done.Output)
}

// upload copies a file to /root of an instance and returns its path there.
func (w *world) upload(t *testing.T, id, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	header := &tar.Header{Name: filepath.Base(file), Mode: 0o644, Size: int64(len(content))}
	if err := archive.WriteHeader(header); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.engine.CopyInto(t.Context(), w.container(t, id), "/root", &packed); err != nil {
		t.Fatal(err)
	}
	return "/root/" + header.Name
}

// appOn is the container of the app on an instance, since when it runs, and how often it was restarted.
func (w *world) appOn(t *testing.T, id string) string {
	t.Helper()
	return w.in(t, id, "docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' $(docker ps --quiet --filter label=bluegreen.app=shop)")
}

// agentOn waits for an agent of a version on an instance, another one than before, that finds the app ready. It returns its
// number as a process.
func (w *world) agentOn(t *testing.T, id, version string, before int) (pid int) {
	t.Helper()
	eventually(t, "another agent, of version "+version+", finds the app ready", func() bool {
		var s serve.Status
		said := w.in(t, id, "bluegreen-agent status --json 2>/dev/null || true")
		if said != "" {
			if err := json.Unmarshal([]byte(said), &s); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
		}
		pid = s.Agent.PID
		return s.Health.Ready && pid != before && s.Agent.Version == "v"+version
	})
	return pid
}
