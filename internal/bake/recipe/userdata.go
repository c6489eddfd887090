package recipe

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/pattern"
)

// MaxUserData is how many bytes of user data EC2 takes, before base64.
const MaxUserData = 16 << 10

// work is where the guest's files are, until they are removed. Not in /run: it may be mounted only after they are written.
const work = "/var/lib/amibake/"

var runID = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// cloudConfig writes the files and starts the script, unless it is Sent. The script waits for cloud-init to have ended, so that it must not be a
// part of it: systemd runs it. Before all else, the timer is armed that ends the instance, lest it live on if the rest fails.
func (g Guest) cloudConfig(settings shell, script string, bundle []byte) (string, error) {
	switch {
	case !runID().MatchString(g.Run):
		return "", fmt.Errorf("%q is no id of a run", g.Run)
	case g.DeadMan < time.Minute:
		return "", fmt.Errorf("the instance would end itself after %s", g.DeadMan)
	case settings.err != nil:
		return "", settings.err
	}
	var b strings.Builder
	b.WriteString("#cloud-config\n# Written by amibake, run " + g.Run + ".\n")
	b.WriteString("bootcmd:\n  - systemd-run --quiet --no-block --unit=amibake-deadman --on-active=" + seconds(g.DeadMan) +
		"s --timer-property=DefaultDependencies=no --timer-property=AccuracySec=1s --property=DefaultDependencies=no" +
		" systemctl poweroff --force || true\n")
	b.WriteString("write_files:\n")
	literal(&b, "settings", settings.text.String())
	literal(&b, "guest", script)
	if bundle != nil {
		head(&b, "bundle.tar.gz")
		b.WriteString("    encoding: b64\n    content: '" + base64.StdEncoding.EncodeToString(bundle) + "'\n")
	}
	if g.Sent {
		b.WriteString("runcmd:\n  - touch " + work + "placed\n")
	} else {
		b.WriteString("runcmd:\n  - systemd-run --quiet --no-block --unit=amibake-guest bash " + work + "guest\n")
	}
	return fit(b.String())
}

func head(b *strings.Builder, name string) {
	b.WriteString("  - path: " + work + name + "\n    owner: root:root\n    permissions: '0600'\n")
}

// literal writes a text that ends in one newline and is printable ASCII but for tabs: in YAML, it stands for itself.
func literal(b *strings.Builder, name, text string) {
	head(b, name)
	b.WriteString("    content: |\n")
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("      ")
		}
		b.WriteString(line)
	}
}

// fit compresses what is too large as it is; cloud-init takes both.
func fit(text string) (string, error) {
	if len(text) <= MaxUserData {
		return text, nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return "", fmt.Errorf("compress it: %w", err)
	}
	if b.Len() > MaxUserData {
		return "", fmt.Errorf("it has %d bytes, and EC2 takes %d: set staging.bucket, so that the instance fetches its files from there", b.Len(), MaxUserData)
	}
	return b.String(), nil
}
