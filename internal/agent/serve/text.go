package serve

import (
	"fmt"
	"strings"
	"time"
)

// Line is the status in a few words, for `systemctl status`.
func (s Status) Line() string {
	line := string(s.Phase)
	switch {
	case s.Pull != nil:
		line += " " + s.Pull.text()
	case s.Why != "":
		line += ": " + s.Why
	case s.Container != nil:
		line += " " + s.Container.Name
	}
	if s.Version != "" {
		line += ", " + s.Version
	}
	return line
}

// Text is the status for people.
func (s Status) Text() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		if text := strings.TrimLeft(fmt.Sprintf(format, args...), ", "); text != "" {
			fmt.Fprintf(&b, "%-11s %s\n", label, text)
		}
	}
	line("phase", "%s for %s%s", s.Phase, ago(s.Now, s.Since), after(": ", s.Why))
	line("health", "%s%s", s.Health.Status, after(": ", s.Health.Reason))
	if s.Health.Status != "stopped" {
		line("last probe", "%s ago%s", span(time.Duration(s.Health.AgeMS)*time.Millisecond), failures(s.Health.Failures))
	}
	line("app", "%s%s%s", s.App, after(", ", s.Color), after(", on ", s.Instance))
	line("version", "%s", s.Version)
	line("image", "%s", s.Image.Configured)
	line("digest", "%s", s.Image.Digest)
	if !s.Image.Created.IsZero() {
		line("built", "%s ago", ago(s.Now, s.Image.Created))
	}
	if s.Pull != nil {
		line("pull", "%s%s", s.Pull.text(), after(", ", s.Pull.Status))
	}
	if c := s.Container; c != nil {
		line("container", "%s", c.text(s.Now))
		if u := c.Usage; u != nil {
			line("uses", "%s", u.text(s.Now))
		}
	}
	line("config", "%s", s.Config)
	line("lifecycle", "%s", s.Lifecycle)
	line("agent", "%s, pid %d, up %s", s.Agent.Version, s.Agent.PID, ago(s.Now, s.Agent.Started))
	label := "errors"
	for _, t := range s.Errors {
		times := ""
		if t.Count > 1 {
			times = fmt.Sprintf(" (%d times)", t.Count)
		}
		line(label, "%s ago, %s: %s%s", ago(s.Now, t.Time), t.What, t.Error, times)
		label = ""
	}
	return b.String()
}

func (c *Container) text(now time.Time) string {
	text := fmt.Sprintf("%s (%.12s), %s", c.Name, c.ID, c.State)
	if c.State == "running" && !c.Started.IsZero() {
		text += " for " + ago(now, c.Started)
	}
	if c.Restarts > 0 {
		text += fmt.Sprintf(", restarted %d×", c.Restarts)
	}
	return text
}

func (u *Usage) text(now time.Time) string {
	share := ""
	if u.MemoryLimit > 0 {
		share = fmt.Sprintf(" (%d%% of %s)", u.Memory*100/u.MemoryLimit, size(u.MemoryLimit))
	}
	return fmt.Sprintf("%s of memory%s, %d PIDs, measured %s ago", size(u.Memory), share, u.PIDs, ago(now, u.Measured))
}

func (p *Pull) text() string {
	return fmt.Sprintf("%d of %d layers, %s of %s", p.LayersDone, p.Layers, size(p.Bytes), size(p.TotalBytes))
}

func failures(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d failed in a row", n)
}

// after puts something in front of a text unless there is none.
func after(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func ago(now, t time.Time) string { return span(now.Sub(t)) }

// span is a duration in its two largest units.
func span(d time.Duration) string {
	d = max(d, 0)
	hours := int(d.Hours())
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case hours < 48:
		return fmt.Sprintf("%dh%dm", hours, int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", hours/24, hours%24)
}

// size is a number of bytes for people: powers of 1000, as `docker pull` has them.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	value := float64(n)
	for value >= 1000 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	return fmt.Sprintf("%.4g %s", value, units[0])
}
