package packaging_test

import (
	"strings"
	"testing"
)

// configured is what cloud-init writes for the app of these tests.
const configured = `app = "shop"
image = "` + appReference + `"
container.ports = ["8080:8080"]
health.interval = "1s"
metrics.enabled = false
`

// nowhere tells the agent that its machine is no EC2 instance: it has no metadata service.
const nowhere = "AWS_EC2_METADATA_DISABLED=true\n"

const (
	fragment = "/etc/bluegreen/agent.d/10-app.toml"
	hasty    = "/etc/systemd/system/bluegreen-agent.service.d/hasty.conf" // makes systemd less patient, for the tests' sake
)

// TestLife takes the agent's package through an instance's life, on each release of Debian that it is for.
func TestLife(t *testing.T) {
	e := startEngine(t)
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			image := "debian:" + suite.name
			e.docker(t, nil, "import", debian(t, suite.name, suite.packages), image)
			t.Run("booted", func(t *testing.T) { liveBooted(t, e.boot(t, image)) })
			t.Run("baked", func(t *testing.T) { bake(t, e, image) })
		})
	}
}

// liveBooted is one story: each part goes on where the one before ended.
func liveBooted(t *testing.T, i *instance) {
	before := i.files(t)
	old, new := i.upload(t, deb(t, "bluegreen-agent", older)), i.upload(t, deb(t, "bluegreen-agent", newer))
	var app string // the id of its container
	for _, part := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"without a configuration it is installed, and waits", func(t *testing.T) {
			output := i.sh(t, "dpkg --install "+old)
			if !strings.Contains(output, "not configured yet") {
				t.Errorf("the installation does not say what to do:\n%s", output)
			}
			i.want(t, unitState{Enabled: "enabled", Active: "inactive", Sub: "dead"})
			i.wantBanner(t, "not running")
		}},
		{"the unit is sound and exposes little", func(t *testing.T) {
			if output := i.sh(t, "systemd-analyze verify bluegreen-agent.service"); output != "" {
				t.Errorf("systemd-analyze verify says:\n%s", output)
			}
			// The threshold is ten times what is shown.
			i.sh(t, "systemd-analyze security --offline=true --threshold=30 --no-pager /usr/lib/systemd/system/bluegreen-agent.service")
		}},
		{"configured, it starts and says how it is", func(t *testing.T) {
			i.write(t, "/etc/default/bluegreen-agent", nowhere)
			i.write(t, fragment, configured)
			i.sh(t, "dpkg-reconfigure bluegreen-agent")
			i.wantServing(t)
			app = i.app(t)
			if status := i.sh(t, "systemctl status --no-pager bluegreen-agent"); !strings.Contains(status, `Status: "serving:`) {
				t.Errorf("systemctl status does not tell the phase:\n%s", status)
			}
			i.wantBanner(t, "")
		}},
		{"a restart leaves the app's container alone", func(t *testing.T) {
			agent := i.property(t, "MainPID")
			i.sh(t, "systemctl restart bluegreen-agent")
			i.wantServing(t)
			wantSame(t, "container", app, i.app(t))
			wantOther(t, "process", agent, i.property(t, "MainPID"))
		}},
		{"an agent that is killed comes back", func(t *testing.T) {
			agent := i.property(t, "MainPID")
			i.sh(t, "kill -KILL "+agent)
			eventually(t, "systemd has started another agent", func() bool { return i.property(t, "NRestarts") == "1" })
			i.wantServing(t)
			wantSame(t, "container", app, i.app(t))
		}},
		{"an agent that hangs comes back", func(t *testing.T) {
			i.write(t, hasty, "[Service]\nWatchdogSec=10\nTimeoutAbortSec=1\nRestartSec=1\n")
			i.sh(t, "systemctl daemon-reload; systemctl restart bluegreen-agent")
			i.wantServing(t)
			agent := i.property(t, "MainPID")
			i.sh(t, "kill -STOP "+agent)
			eventually(t, "the watchdog has replaced the agent", func() bool {
				now := i.property(t, "MainPID")
				return now != "0" && now != agent && i.phase(t) == "serving"
			})
			wantSame(t, "container", app, i.app(t))
			i.sh(t, "rm "+hasty+"; systemctl daemon-reload; systemctl restart bluegreen-agent")
		}},
		{"an upgrade leaves the app's container alone, and refuses no health check", func(t *testing.T) {
			agent := i.property(t, "MainPID")
			asked := i.askForHealth(t)
			i.sh(t, "dpkg --install "+new)
			i.wantServing(t)
			wantSame(t, "container", app, i.app(t))
			wantOther(t, "process", agent, i.property(t, "MainPID"))
			if version := i.sh(t, "bluegreen-agent version"); !strings.Contains(version, newer) {
				t.Errorf("the version is %s, want %s", version, newer)
			}
			asked.wantAnswers(t)
		}},
		{"where policy-rc.d forbids it, an upgrade restarts nothing", func(t *testing.T) {
			i.write(t, "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")
			i.sh(t, "chmod +x /usr/sbin/policy-rc.d")
			agent := i.property(t, "MainPID")
			i.sh(t, "dpkg --install "+new)
			i.wantServing(t)
			wantSame(t, "process", agent, i.property(t, "MainPID"))
			i.sh(t, "rm /usr/sbin/policy-rc.d")
		}},
		{"an upgrade that refuses the configuration keeps the agent that runs", func(t *testing.T) {
			i.write(t, fragment, "nonsense = true\n")
			agent := i.property(t, "MainPID")
			output := i.sh(t, "dpkg --install "+new)
			if !strings.Contains(output, "refuses the configuration") {
				t.Errorf("the upgrade does not say so:\n%s", output)
			}
			i.wantServing(t)
			wantSame(t, "process", agent, i.property(t, "MainPID"))
		}},
		{"a configuration that is refused ends it for good, and the app goes on", func(t *testing.T) {
			before := i.position(t)
			if r := i.withLateJournal(t, "systemctl restart bluegreen-agent"); r.code == 0 {
				t.Error("the restart succeeded")
			}
			// Not "auto-restart", which is what systemd calls it when a restart is to come.
			i.want(t, unitState{Enabled: "enabled", Active: "failed", Sub: "failed", Status: "78"})
			i.wantJournal(t, "bluegreen-agent", before, "nonsense: unknown key")
			wantSame(t, "container", app, i.app(t))
			i.sh(t, "test -e /run/bluegreen") // with the app's secrets in it
			i.wantBanner(t, "not running")
		}},
		{"a configuration that is mended starts it", func(t *testing.T) {
			i.write(t, fragment, configured)
			i.sh(t, "systemctl start bluegreen-agent")
			i.wantServing(t)
			wantSame(t, "container", app, i.app(t))
		}},
		{"a shutdown drains the app, for longer than systemd waits by itself", func(t *testing.T) {
			i.write(t, hasty, "[Service]\nTimeoutStopSec=5\n")
			i.write(t, fragment, configured+"lifecycle.notice = \"1s\"\nlifecycle.deregistration_delay = \"6s\"\n")
			i.sh(t, "systemctl daemon-reload; systemctl restart bluegreen-agent")
			i.wantServing(t)
			before := i.position(t)
			i.reboot(t)
			for _, want := range []string{"asked to end", "the machine goes down", "Deactivated successfully"} {
				i.wantJournal(t, "bluegreen-agent", before, want)
			}
			i.wantServing(t)
			i.sh(t, "rm "+hasty+"; systemctl daemon-reload")
			app = i.app(t)
		}},
		{"the maintainer scripts may run twice", func(t *testing.T) {
			i.sh(t, "/var/lib/dpkg/info/bluegreen-agent.postinst configure "+newer)
			i.sh(t, "/var/lib/dpkg/info/bluegreen-agent.postinst configure "+newer)
			i.wantServing(t)
			wantSame(t, "container", app, i.app(t))
		}},
		{"removed, it is gone, and the app and the configuration stay", func(t *testing.T) {
			i.sh(t, "dpkg --remove bluegreen-agent")
			wantSame(t, "container", app, i.app(t))
			i.sh(t, "test -e /etc/bluegreen/agent.toml -a -e "+fragment)
			if r := i.try(t, "systemctl cat bluegreen-agent || pidof bluegreen-agent"); r.code == 0 {
				t.Errorf("something is left:\n%s", r.output)
			}
		}},
		{"installed again, it goes on as before", func(t *testing.T) {
			i.sh(t, "dpkg --install "+old)
			i.wantServing(t)
			wantSame(t, "container", app, i.app(t))
		}},
		{"disabled, it stays so over an upgrade", func(t *testing.T) {
			i.sh(t, "systemctl disable --now bluegreen-agent; dpkg --install "+new)
			i.want(t, unitState{Enabled: "disabled", Active: "inactive", Sub: "dead"})
		}},
		{"purged, it leaves nothing", func(t *testing.T) {
			i.sh(t, "systemctl enable --now bluegreen-agent")
			i.sh(t, "dpkg --purge bluegreen-agent")
			wantSame(t, "container", app, i.app(t))
			i.wantFiles(t, before)
			i.sh(t, "! test -e /run/bluegreen")
		}},
		{"the operator's package comes and goes", func(t *testing.T) { liveTimed(t, i) }},
		{"nothing has failed on the way", func(t *testing.T) {
			if failed := i.sh(t, "systemctl --failed --no-legend --plain"); failed != "" {
				t.Errorf("failed units:\n%s", failed)
			}
			if doubts := i.try(t, "journalctl --no-pager | grep 'cannot tell whether the machine goes down'"); doubts.output != "" {
				t.Errorf("a stop that might have been a shutdown:\n%s", doubts.output)
			}
		}},
	} {
		if !t.Run(part.name, part.run) {
			t.Fatalf("the story ends here; the agent's journal:\n%s", i.try(t, "journalctl --unit bluegreen-agent --no-pager --lines 30").output)
		}
	}
}

// bake installs the package as an image is built: no systemd runs, and policy-rc.d forbids to start anything.
func bake(t *testing.T, e *engine, image string) {
	i := &instance{engine: e, id: e.docker(t, nil, "run", "--detach", "--network=none", image, "tail", "-f", "/dev/null")}
	e.removeLater(t, i.id)
	before := i.files(t)
	for _, policy := range []string{"", "#!/bin/sh\nexit 101\n"} {
		if policy != "" {
			i.write(t, "/usr/sbin/policy-rc.d", policy)
			i.sh(t, "chmod +x /usr/sbin/policy-rc.d")
		}
		i.sh(t, "dpkg --install "+i.upload(t, deb(t, "bluegreen-agent", older)))
		i.sh(t, "test -L /etc/systemd/system/multi-user.target.wants/bluegreen-agent.service; ! pidof bluegreen-agent")
		i.sh(t, "dpkg --install "+i.upload(t, deb(t, "bluegreen-agent", newer)))
		i.sh(t, "dpkg --remove bluegreen-agent; dpkg --purge bluegreen-agent; rm -f /usr/sbin/policy-rc.d /root/*.deb")
		i.wantFiles(t, before)
	}
}
