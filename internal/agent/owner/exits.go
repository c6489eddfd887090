package owner

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/docker"
)

// death is what an event says of the end of a container, which Docker may have started again since.
type death struct {
	code int
	oom  bool
}

// keepExits is how many are shown, and lineLimit how many bytes of a line of their logs.
const (
	keepExits = 5
	lineLimit = 300
)

// heard notes an event. It runs on the goroutine that listens.
func (in *inbox) heard(e docker.Event) {
	if in.deaths == nil {
		in.deaths = map[string]death{}
	}
	d := in.deaths[e.ContainerID]
	switch e.Action {
	case "oom":
		d.oom = true
	case "die":
		d.code, _ = strconv.Atoi(e.Attributes["exitCode"])
	default:
		return
	}
	in.deaths[e.ContainerID] = d
}

// note reports containers of ours that have ended since the last look, although nobody here has ended them.
func (o *Owner) note(ctx context.Context, all []docker.Container) {
	for _, c := range all {
		before, known := o.ends[c.ID]
		o.ends[c.ID] = c.FinishedAt
		if !known || c.FinishedAt.IsZero() || c.FinishedAt.Equal(before) || c.Labels[LabelInstance] != o.options.Instance {
			continue
		}
		d, told := o.deaths[c.ID]
		delete(o.deaths, c.ID)
		if o.expected[c.ID] {
			delete(o.expected, c.ID)
			continue
		}
		exit := Exit{Container: c.Name, At: c.FinishedAt, Code: c.ExitCode, OOM: c.OOMKilled, Error: c.Error}
		if told {
			exit.OOM = exit.OOM || d.oom
			if c.State == docker.Running {
				exit.Code = d.code
			}
		}
		exit.Log = o.lastLines(ctx, c)
		o.options.Log.Error("The app ended", "container", c.Name, "code", exit.Code, "oom", exit.OOM, "error", exit.Error,
			"restarts", c.RestartCount, "log", exit.Log)
		o.exits = append(o.exits, exit)
		o.exits = o.exits[max(0, len(o.exits)-keepExits):]
	}
}

// logLimit is how long the log may take: it is not worth a wait.
const logLimit = 5 * time.Second

// lastLines are the end of a container's log, without what must not be seen.
func (o *Owner) lastLines(ctx context.Context, c docker.Container) []string {
	if o.options.LogLines < 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, logLimit)
	defer cancel()
	lines, err := o.options.Engine.Logs(ctx, c.ID, o.options.LogLines)
	if err != nil {
		if !errors.Is(err, docker.ErrNotFound) {
			o.options.Log.Debug("No log", "container", c.Name, "error", err)
		}
		return nil
	}
	var out []string
	for _, line := range lines {
		line = strings.ToValidUTF8(o.options.Redact(line), "")
		if len(line) > lineLimit {
			line = strings.ToValidUTF8(line[:lineLimit], "") + "…"
		}
		out = append(out, line)
	}
	return out
}
