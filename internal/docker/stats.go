package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Stats is what a container uses.
type Stats struct {
	Memory      int64         // bytes, without the page cache that the kernel would give back
	MemoryLimit int64         // bytes; the host's memory when the container has no limit
	CPU         time.Duration // used since the container was started
	PIDs        int64         // processes and threads
}

// Stats reads what a container uses now. One that does not run is ErrNotRunning. Where cgroups of v1 are not all mounted,
// as in some containers, the engine cannot measure, which is an error of no kind.
func (e *Engine) Stats(ctx context.Context, id string) (Stats, error) {
	var sample container.StatsResponse
	r := request{doing: fmt.Sprintf("measure container %q", id), limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		out, err := c.ContainerStats(ctx, id, client.ContainerStatsOptions{})
		if err != nil {
			return err
		}
		err = json.NewDecoder(out.Body).Decode(&sample)
		return errors.Join(err, out.Body.Close())
	})
	if err != nil {
		return Stats{}, err
	}
	if sample.Read.Year() <= 1 { // the daemon's way to say that it has nothing
		return Stats{}, e.unmeasured(ctx, r, id)
	}
	return fromSample(sample), nil
}

// unmeasured says why there is no sample.
func (e *Engine) unmeasured(ctx context.Context, r request, id string) error {
	c, err := e.Container(ctx, id)
	switch {
	case err != nil:
		return err
	case c.State == Running:
		return &Error{Op: r.doing, Err: errors.New("containerd does not see its cgroup")}
	}
	return &Error{Op: r.doing, Kind: ErrNotRunning, Err: fmt.Errorf("it is %s", c.State)}
}

func fromSample(s container.StatsResponse) Stats {
	m := s.MemoryStats
	return Stats{
		Memory: int64(m.Usage - inactive(m)), MemoryLimit: int64(m.Limit),
		CPU: time.Duration(s.CPUStats.CPUUsage.TotalUsage), PIDs: int64(s.PidsStats.Current),
	}
}

// inactive is the part of the page cache that is counted as usage and would be given back first. On cgroup v1 the
// number of the whole hierarchy is the one that goes with the usage; v2 has only one.
func inactive(m container.MemoryStats) uint64 {
	for _, name := range []string{"total_inactive_file", "inactive_file"} {
		if n, ok := m.Stats[name]; ok && n < m.Usage {
			return n
		}
	}
	return 0
}
