package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/client"
)

// Start starts a container; one that runs is left as it is. A host port that is taken is ErrPortInUse, a program that is
// not in the image ErrInvalid.
func (e *Engine) Start(ctx context.Context, id string) error {
	r := request{doing: fmt.Sprintf("start container %q", id), limit: e.limits.start, conflict: ErrInUse}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerStart(ctx, id, client.ContainerStartOptions{})
		return err
	})
}

// Stop sends the container's stop signal and kills it when it has not ended after timeout, rounded up to seconds; zero
// kills at once. It returns when the container has ended. One that does not run is left as it is.
func (e *Engine) Stop(ctx context.Context, id string, timeout time.Duration) error {
	r := request{doing: fmt.Sprintf("stop container %q", id), limit: timeout + e.limits.stop}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: grace(timeout)})
		return err
	})
}

// Restart stops a container as Stop does, and starts it.
func (e *Engine) Restart(ctx context.Context, id string, timeout time.Duration) error {
	r := request{doing: fmt.Sprintf("restart container %q", id), limit: timeout + e.limits.stop + e.limits.start, conflict: ErrInUse}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerRestart(ctx, id, client.ContainerRestartOptions{Timeout: grace(timeout)})
		return err
	})
}

// grace is never nil: that would be the container's own timeout.
func grace(timeout time.Duration) *int {
	if s := seconds(max(timeout, 0)); s != nil {
		return s
	}
	return new(int)
}

// Kill sends a signal, e.g. "SIGHUP", to the container's first process. A container that does not run is ErrNotRunning.
func (e *Engine) Kill(ctx context.Context, id, signal string) error {
	r := request{doing: fmt.Sprintf("send %s to container %q", signal, id), limit: e.limits.read, conflict: ErrNotRunning}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: signal})
		return err
	})
}

// Rename gives a container another name. A taken one is ErrConflict.
func (e *Engine) Rename(ctx context.Context, id, name string) error {
	r := request{doing: fmt.Sprintf("rename container %q to %q", id, name), limit: e.limits.read, conflict: ErrConflict}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerRename(ctx, id, client.ContainerRenameOptions{NewName: name})
		return err
	})
}

// Remove removes a container and its anonymous volumes. One that runs, or is being removed already, is ErrInUse: it is
// never forced.
func (e *Engine) Remove(ctx context.Context, id string) error {
	r := request{doing: fmt.Sprintf("remove container %q", id), limit: e.limits.remove, conflict: ErrInUse}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerRemove(ctx, id, client.ContainerRemoveOptions{RemoveVolumes: true})
		return err
	})
}

// SetRestart changes what the engine does by itself when the container exits. That includes starts of the daemon: then
// it starts what has "on-failure" and last ended with another exit code than zero, even if Stop had ended it. So whoever
// keeps a stopped container sets "no".
func (e *Engine) SetRestart(ctx context.Context, id string, restart Restart) error {
	r := request{doing: fmt.Sprintf("set the restart policy of container %q", id), limit: e.limits.read, conflict: ErrInUse}
	policy := restart.policy()
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerUpdate(ctx, id, client.ContainerUpdateOptions{RestartPolicy: &policy})
		return err
	})
}

// Pause freezes all processes of a container. One that does not run, or is paused, is ErrNotRunning.
func (e *Engine) Pause(ctx context.Context, id string) error {
	r := request{doing: fmt.Sprintf("pause container %q", id), limit: e.limits.read, conflict: ErrNotRunning}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerPause(ctx, id, client.ContainerPauseOptions{})
		return err
	})
}

// Unpause lets the processes of a paused container go on.
func (e *Engine) Unpause(ctx context.Context, id string) error {
	r := request{doing: fmt.Sprintf("unpause container %q", id), limit: e.limits.read, conflict: ErrNotRunning}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
		return err
	})
}
