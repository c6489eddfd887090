package docker

import (
	"context"
	"errors"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

// Event is something that happened to a container.
type Event struct {
	Time        time.Time
	Action      string // one of those in Events, e.g. "start", "die", "health_status: healthy"
	ContainerID string
	Attributes  map[string]string // the container's labels, and "name", "image", and "exitCode" of "die"
}

// actions are those that change what Container says. A health check would give three more at each run.
var actions = []events.Action{
	events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionOOM, events.ActionPause, events.ActionUnPause,
	events.ActionRename, events.ActionDestroy, events.ActionHealthStatus,
}

// Events subscribes to the events of containers that have all these labels (see Containers): create, start, die, oom,
// pause, unpause, rename, destroy and health_status.
//
// Nothing that happens after the call is missed, so whoever lists the containers after Events has returned knows all. An
// event may come although the list shows it already.
//
// The stream ends when ctx does or when the daemon goes away. Then one error comes, which is never nil, and both
// channels are closed. There is no reconnection behind the caller's back, because events would be lost: subscribe again,
// and list again. A daemon that hangs ends no stream.
func (e *Engine) Events(ctx context.Context, labels map[string]string) (<-chan Event, <-chan error) {
	out, failed := make(chan Event), make(chan error, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	r := request{doing: "watch containers", limit: e.limits.read}

	// The daemon answers before it subscribes, so it is told to begin with what happened since this call.
	since := time.Now()
	connecting := time.AfterFunc(r.limit, func() { cancel(silence{r.limit}) })
	conn := e.conn.Load()
	in := conn.Events(ctx, client.EventsListOptions{
		Since:   stamp(since),
		Filters: eventFilter(labels),
	})
	connecting.Stop()

	go func() {
		defer close(out)
		defer close(failed)
		defer cancel(nil)
		err := forward(ctx, in, out)
		explained := explain(ctx, r, err)
		if errors.Is(explained, ErrUnavailable) || refusedVersion(err) {
			e.renew(conn)
		}
		failed <- explained
	}()
	return out, failed
}

func eventFilter(labels map[string]string) client.Filters {
	filters := labelFilter(labels).Add("type", string(events.ContainerEventType))
	for _, a := range actions {
		filters.Add("event", string(a))
	}
	return filters
}

func forward(ctx context.Context, in client.EventsResult, out chan<- Event) error {
	for {
		select {
		case m := <-in.Messages:
			select {
			case out <- fromMessage(m):
			case <-ctx.Done():
				return ctx.Err()
			}
		case err := <-in.Err:
			if err == nil {
				err = errors.New("the stream ended")
			}
			return err
		}
	}
}

func fromMessage(m events.Message) Event {
	return Event{
		Time: time.Unix(0, m.TimeNano), Action: string(m.Action), ContainerID: m.Actor.ID, Attributes: m.Actor.Attributes,
	}
}
