package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// The states of a container.
const (
	Created    = "created" // and never started
	Running    = "running"
	Paused     = "paused"
	Restarting = "restarting" // it exited, and the engine will start it again
	Removing   = "removing"
	Exited     = "exited"
	Dead       = "dead" // half removed; can only be removed again
)

// Container is a container as the engine sees it.
type Container struct {
	ID      string
	Name    string // without the slash that Docker puts before it
	ImageID string
	Image   string // the reference or id that it was created with
	Labels  map[string]string

	State        string
	Health       string // "starting", "healthy", "unhealthy"; empty without a health check
	Pid          int    // zero when it does not run
	ExitCode     int
	OOMKilled    bool
	Error        string // why it could not be started
	StopSignal   string // e.g. "SIGQUIT"; empty for the default, SIGTERM
	Restart      Restart
	RestartCount int // by the engine, since it was last started by somebody
	CreatedAt    time.Time
	StartedAt    time.Time // zero when it never was
	FinishedAt   time.Time // of the run before this one, when it runs; zero when there was none

	Ports []Port // as bound while it runs, else as asked for
	IP    string // in its first network, by name; empty when it does not run or has the host's
}

// Container reads a container by id or name. A missing one is ErrNotFound.
func (e *Engine) Container(ctx context.Context, id string) (Container, error) {
	var out client.ContainerInspectResult
	r := request{doing: fmt.Sprintf("read container %q", id), limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		return err
	})
	if err != nil {
		return Container{}, err
	}
	return fromInspect(out.Container), nil
}

// Containers reads all containers that have all these labels, running or not, oldest first. A label with an empty value
// stands for any value.
func (e *Engine) Containers(ctx context.Context, labels map[string]string) ([]Container, error) {
	var list client.ContainerListResult
	r := request{doing: "list containers", limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		list, err = c.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: labelFilter(labels)})
		return err
	})
	if err != nil {
		return nil, err
	}
	var found []Container
	for _, summary := range list.Items {
		c, err := e.Container(ctx, summary.ID)
		switch {
		case errors.Is(err, ErrNotFound): // removed since it was listed
		case err != nil:
			return nil, err
		default:
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b Container) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func labelFilter(labels map[string]string) client.Filters {
	filters := client.Filters{}
	for name, value := range labels {
		if value != "" {
			name += "=" + value
		}
		filters.Add("label", name)
	}
	return filters
}

func fromInspect(in container.InspectResponse) Container {
	c := Container{
		ID: in.ID, Name: strings.TrimPrefix(in.Name, "/"), ImageID: in.Image,
		RestartCount: in.RestartCount, CreatedAt: moment(in.Created),
	}
	if in.Config != nil {
		c.Image, c.Labels, c.StopSignal = in.Config.Image, in.Config.Labels, in.Config.StopSignal
	}
	if s := in.State; s != nil {
		c.State, c.Pid, c.ExitCode = string(s.Status), s.Pid, s.ExitCode
		c.OOMKilled, c.Error = s.OOMKilled, s.Error
		c.StartedAt, c.FinishedAt = moment(s.StartedAt), moment(s.FinishedAt)
		if s.Health != nil && s.Health.Status != container.NoHealthcheck {
			c.Health = string(s.Health.Status)
		}
	}
	if in.HostConfig != nil {
		c.Ports = portsOf(in.HostConfig.PortBindings)
		c.Restart = Restart{Policy: string(in.HostConfig.RestartPolicy.Name), Max: in.HostConfig.RestartPolicy.MaximumRetryCount}
	}
	if n := in.NetworkSettings; n != nil {
		if bound := portsOf(n.Ports); len(bound) > 0 {
			c.Ports = bound
		}
		c.IP = address(n.Networks)
	}
	return c
}

func address(networks map[string]*network.EndpointSettings) string {
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if e := networks[name]; e != nil && e.IPAddress.IsValid() {
			return e.IPAddress.String()
		}
	}
	return ""
}

// portsOf lists the ports of a map that lead somewhere, in order.
func portsOf(in network.PortMap) []Port {
	var out []Port
	for port, bindings := range in {
		for _, b := range bindings {
			p := Port{Container: port.Num(), Protocol: string(port.Proto())}
			if b.HostIP.IsValid() && !b.HostIP.IsUnspecified() {
				p.HostIP = b.HostIP.String()
			}
			if n, err := strconv.ParseUint(b.HostPort, 10, 16); err == nil {
				p.Host = uint16(n)
			}
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.HostIP, b.HostIP), cmp.Compare(a.Host, b.Host))
	})
	return slices.Compact(out)
}

// moment reads a time of the daemon, for which the year 1 is never.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}
