package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// configure writes the agent's settings; what is not said is as brisk as a test wants it.
func (w *world) configure(image, more string) {
	w.t.Helper()
	text := fmt.Sprintf(`app = %q
image = %q
tags = ["color"]
[container]
ports = ["127.0.0.1:%d:8080"]
memory = "64MiB"
stop_timeout = "5s"
[health]
listen = "127.0.0.1:%d"
port = %d
interval = "200ms"
timeout = "1s"
start_period = "20s"
[admin]
listen = "127.0.0.1:%d"
[lifecycle]
poll = "1s"
group_poll = "1s"
notice = "1s"
deregistration_delay = "2s"
`, w.app, image, w.port, w.port+1, w.port, w.port+2)
	if err := os.WriteFile(filepath.Join(w.dir, "agent.toml"), []byte(text+more), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// setting changes a line of the settings.
func (w *world) setting(key, value string) {
	w.t.Helper()
	w.edit(key, key+" = "+value+"\n")
}

// unset takes a line out of the settings: the default applies.
func (w *world) unset(key string) {
	w.t.Helper()
	w.edit(key, "")
}

// edit replaces the line of a key.
func (w *world) edit(key, line string) {
	w.t.Helper()
	file := filepath.Join(w.dir, "agent.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	old := regexp.MustCompile(`(?m)^` + key + ` = .*\n`)
	if !old.Match(text) {
		w.t.Fatalf("the settings have no %s", key)
	}
	if err := os.WriteFile(file, old.ReplaceAllLiteral(text, []byte(line)), 0o600); err != nil {
		w.t.Fatal(err)
	}
}
