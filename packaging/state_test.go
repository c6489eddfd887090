package packaging_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unitState is what systemd says of the agent.
type unitState struct {
	Enabled string
	Active  string
	Sub     string
	Status  string // exit code of a process that failed
}

func (i *instance) want(t *testing.T, want unitState) {
	t.Helper()
	got := unitState{
		Enabled: i.try(t, "systemctl is-enabled bluegreen-agent").output,
		Active:  i.property(t, "ActiveState"),
		Sub:     i.property(t, "SubState"),
	}
	if got.Active == "failed" {
		got.Status = i.property(t, "ExecMainStatus")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the unit's state (-want +got):\n%s", diff)
	}
}

// wantServing waits for the agent to have told systemd that it is ready, and that the app serves.
func (i *instance) wantServing(t *testing.T) {
	t.Helper()
	eventually(t, "the app serves", func() bool { return i.phase(t) == "serving" })
	i.want(t, unitState{Enabled: "enabled", Active: "active", Sub: "running"})
}

func (i *instance) phase(t *testing.T) string {
	t.Helper()
	phase, _, _ := strings.Cut(i.property(t, "StatusText"), ":") // why comes behind it
	return phase
}

func (i *instance) property(t *testing.T, name string) string {
	t.Helper()
	return i.sh(t, "systemctl show --property="+name+" --value bluegreen-agent.service")
}

// app is the id of the app's container, which there has to be one of, running.
func (i *instance) app(t *testing.T) string {
	t.Helper()
	ids := strings.Fields(i.sh(t, "docker ps --quiet --no-trunc --filter label=bluegreen.app=shop"))
	if len(ids) != 1 {
		t.Fatalf("the containers of the app are %q, want one", ids)
	}
	return ids[0]
}

func wantSame(t *testing.T, what, before, now string) {
	t.Helper()
	if before != now {
		t.Errorf("the %s was %s and is %s now, want the same", what, before, now)
	}
}

func wantOther(t *testing.T, what, before, now string) {
	t.Helper()
	if before == now {
		t.Errorf("the %s is still %s, want another", what, now)
	}
}

// wantBanner looks at what a login would show; an empty string wants silence.
func (i *instance) wantBanner(t *testing.T, want string) {
	t.Helper()
	banner := i.sh(t, "run-parts --regex '^99-bluegreen-agent$' /etc/update-motd.d")
	if !strings.Contains(banner, want) || want == "" && banner != "" {
		t.Errorf("the login banner is %q, want %q in it", banner, want)
	}
}

// files lists the files that a package could leave behind.
func (i *instance) files(t *testing.T) string {
	t.Helper()
	return i.sh(t, `find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /root -o -path /var/log -o -path /var/tmp \
		-o -path /var/cache -o -path /var/lib/docker -o -path /var/lib/containerd -o -path /var/lib/dpkg -o -path /var/lib/systemd/timers \) \
		-prune -o -print | sort`)
}

func (i *instance) wantFiles(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(i.files(t), "\n")); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// asking is a load balancer that asks for the app's health again and again.
type asking struct{ *instance }

func (i *instance) askForHealth(t *testing.T) asking {
	t.Helper()
	i.write(t, "/root/ask", `while test ! -e /tmp/enough; do
		if { exec 3<>/dev/tcp/127.0.0.1/9180 && printf 'GET /health HTTP/1.0\r\n\r\n' >&3 && read -r -t 5 line <&3; } 2>/dev/null; then
			echo "${line%%$'\r'}"
		else
			echo none
		fi
		sleep 0.01
	done`)
	i.sh(t, "systemd-run --unit=ask --property=StandardOutput=file:/tmp/answers bash /root/ask")
	eventually(t, "there are answers", func() bool { return i.try(t, "grep --quiet 200 /tmp/answers").code == 0 })
	return asking{i}
}

// wantAnswers ends it. Each time it has to have been answered, whatever the answer was.
func (a asking) wantAnswers(t *testing.T) {
	t.Helper()
	answers := strings.Split(a.sh(t, "touch /tmp/enough; while systemctl --quiet is-active ask; do sleep 0.1; done; cat /tmp/answers"), "\n")
	if len(answers) < 10 || slices.Contains(answers, "none") {
		t.Errorf("answers to health checks: %q", answers)
	}
}
