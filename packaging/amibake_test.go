package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const amibakeConfig = "/etc/bluegreen/amibake/shop.toml"

// liveTimed takes the operator's package through its life, with the timer of an app.
func liveTimed(t *testing.T, i *instance) {
	before := i.files(t)
	pkg := i.upload(t, deb(t, "bluegreen", newer))
	i.sh(t, "dpkg --install "+i.upload(t, deb(t, "bluegreen", older)))
	for _, program := range []string{"switcher", "amibake"} {
		i.sh(t, program+" version | grep -F "+older+"; man --where "+program+"; test -s /usr/share/bash-completion/completions/"+program)
	}
	i.sh(t, "man --where bluegreen.toml; man --where amibake.toml")
	i.sh(t, "! find /etc/systemd/system -name 'amibake*' | grep .; ! systemctl list-units --all --no-legend 'amibake*' | grep .")

	for _, unit := range []string{"amibake@.service", "amibake@.timer"} {
		if output := i.sh(t, "systemd-analyze verify "+unit); output != "" {
			t.Errorf("systemd-analyze verify says of %s:\n%s", unit, output)
		}
	}
	// The threshold is ten times what is shown.
	i.sh(t, "systemd-analyze security --offline=true --threshold=30 --no-pager /usr/lib/systemd/system/amibake@.service")

	i.wantRefused(t, amibakeConfig+": no such file")
	i.write(t, "/etc/default/amibake", nowhere)
	i.write(t, amibakeConfig, "app = \"shop\"\nregion = \"eu-west-1\"\nimage = \"docker.io/library/shop:1\"\nbuild.subnet = \"subnet-0123456789abcdef0\"\n")
	i.wantRefused(t, "credentials") // so the unit's user reads the configuration, and the program runs behind all that the unit denies it

	i.sh(t, "systemctl enable --now amibake@shop.timer")
	wantSame(t, "timer's state", "success active enabled", i.timer(t))
	i.sh(t, "dpkg --install "+pkg)
	wantSame(t, "timer's state after an upgrade", "success active enabled", i.timer(t))
	i.sh(t, "dpkg --remove bluegreen; test -e "+amibakeConfig)
	if left := i.sh(t, "systemctl list-units --no-legend --plain 'amibake@*.timer'"); left != "" {
		t.Errorf("timers of a package that is removed:\n%s", left)
	}
	i.sh(t, "dpkg --purge bluegreen")
	i.wantFiles(t, before)
}

// wantRefused runs amibake as the timer would, and wants it to fail for a reason that the journal tells.
func (i *instance) wantRefused(t *testing.T, want string) {
	t.Helper()
	before := i.position(t)
	if r := i.withLateJournal(t, "systemctl start amibake@shop"); r.code == 0 {
		t.Errorf("amibake succeeded, want it to fail: %s", want)
	}
	i.wantJournal(t, "amibake@shop", before, want)
	i.sh(t, "systemctl reset-failed amibake@shop")
}

// timer is the state of the app's timer, in one line.
func (i *instance) timer(t *testing.T) string {
	t.Helper()
	state := strings.Fields(i.sh(t, "for p in Result ActiveState UnitFileState; do systemctl show --property=$p --value amibake@shop.timer; done"))
	return strings.Join(state, " ")
}

// TestCronExample runs what the example for cron says, also where that is commented out: amibake has to get as far as to miss the
// configuration.
func TestCronExample(t *testing.T) {
	root := t.TempDir()
	command(t, "dpkg-deb", "--extract", deb(t, "bluegreen", newer), root)
	example, err := os.ReadFile(filepath.Join(root, "usr/share/doc/bluegreen/examples/amibake.cron"))
	if err != nil {
		t.Fatal(err)
	}
	entries := regexp.MustCompile(`(?m)^#?\d+ (?:\d+|\*) \* \* \*  root  /usr/bin/amibake (.*) 2>&1 \| logger -t amibake$`).FindAllSubmatch(example, -1)
	if len(entries) != 3 {
		t.Fatalf("found %d entries, want 3, in\n%s", len(entries), example)
	}
	for _, entry := range entries {
		args := strings.Fields(strings.ReplaceAll(string(entry[1]), amibakeConfig, filepath.Join(root, "missing.toml")))
		output, err := exec.CommandContext(t.Context(), filepath.Join(root, "usr/bin/amibake"), args...).CombinedOutput()
		if err == nil || !strings.Contains(string(output), "missing.toml: no such file") {
			t.Errorf("amibake %s: %v\n%s", entry[1], err, output)
		}
	}
}
