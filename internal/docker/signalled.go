package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

// stopSignals are those that containers are told to stop by, as an image or a number names them.
var stopSignals = map[string]syscall.Signal{
	"TERM": syscall.SIGTERM, "QUIT": syscall.SIGQUIT, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL,
	"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "WINCH": syscall.SIGWINCH, "ABRT": syscall.SIGABRT,
}

// Signalled is when a container that runs was sent its stop signal last, in this run; zero if it was not, or if nobody knows:
// the daemon remembers a few hundred events, and none from before its own start.
func (e *Engine) Signalled(ctx context.Context, c Container) (at time.Time, err error) {
	number, known := stopSignals[strings.TrimPrefix(strings.ToUpper(cmp.Or(c.StopSignal, "SIGTERM")), "SIG")]
	wanted := strconv.Itoa(int(number))
	if !known {
		wanted = c.StopSignal
	}
	r := request{doing: fmt.Sprintf("find out what container %q was sent", c.ID), limit: e.limits.read}
	err = e.call(ctx, r, func(ctx context.Context, conn *client.Client) error {
		in := conn.Events(ctx, client.EventsListOptions{
			Since: stamp(c.StartedAt), Until: stamp(time.Now()),
			Filters: client.Filters{}.Add("container", c.ID).Add("event", string(events.ActionKill)),
		})
		for {
			select {
			case m := <-in.Messages:
				if m.Actor.Attributes["signal"] == wanted {
					at = time.Unix(0, m.TimeNano)
				}
			case err := <-in.Err:
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		}
	})
	return at, err
}

// stamp is a time as the daemon reads it.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }
