package agent

import (
	"context"
	"strings"
	"time"

	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
)

// awaitTags waits for tags without which the agent cannot run. An instance can be there before its tags are, and an agent that
// ended for that would not be started again.
func (a *agent) awaitTags(ctx context.Context) error {
	for pause := firstPause; a.machine.metadata != nil; pause = min(2*pause, maxPause) {
		needed, _ := a.settings.Await(a.machine.tags)
		if len(needed) == 0 {
			break
		}
		why := "waiting for " + strings.Join(needed, " and ") + ", which no file sets, as a tag of the instance"
		if a.machine.tags == nil {
			why += ": its metadata options show none (InstanceMetadataTags)"
		}
		a.board.Phase(serve.Starting, why)
		a.systemd.Status(why)
		a.Log.Warn(why, "again", pause)
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
		m, err := describe(ctx, a.machine.metadata)
		if err != nil {
			a.Log.Warn("the metadata service does not say how this instance is tagged", "error", err)
			continue
		}
		a.machine.tags = m.tags
		a.noteMachine()
	}
	return nil
}

// colorPause is the longest pause between two looks for a colour. An instance need not have one.
const colorPause = 5 * time.Minute

// awaitColor looks for a colour that was not there at boot, and shows it. The container that runs keeps the label that it has:
// nothing depends on it.
func (a *agent) awaitColor(ctx context.Context) {
	if _, wanted := a.settings.Await(a.machine.tags); len(wanted) == 0 || a.machine.metadata == nil {
		return
	}
	for pause := firstPause; sleep(ctx, pause); pause = min(2*pause, colorPause) {
		m, err := describe(ctx, a.machine.metadata)
		if err != nil {
			continue // the drainer says so
		}
		var late settings.Settings
		if late, err = a.settings.WithTags(m.tags); err != nil {
			a.Log.Warn("the instance's tags are of no use", "error", err)
			continue
		}
		if late.Color != "" {
			a.Log.Info("the instance has got its colour", "color", late.Color)
			a.board.Update(func(s *serve.Status) { s.Color = late.Color })
			return
		}
	}
}
