package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// Executed is what a command in a container came to.
type Executed struct {
	Output   string // standard output and error, of a few megabytes at most
	ExitCode int
}

// Exec runs a command in a running container as its superuser and waits for it to end. When ctx ends first, the command
// goes on.
func (e *Engine) Exec(ctx context.Context, id string, command ...string) (Executed, error) {
	var done Executed
	r := request{doing: fmt.Sprintf("run %s in container %q", command[0], id), limit: e.limits.transfer, conflict: ErrNotRunning}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		made, err := c.ExecCreate(ctx, id, client.ExecCreateOptions{User: "0", Cmd: command, AttachStdout: true, AttachStderr: true})
		if err != nil {
			return err
		}
		if done.Output, err = attach(ctx, c, made.ID); err != nil {
			return err
		}
		state, err := c.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
		done.ExitCode = state.ExitCode
		return err
	})
	return done, err
}

// attach starts a command and reads what it says until it ends.
func attach(ctx context.Context, c *client.Client, id string) (string, error) {
	stream, err := c.ExecAttach(ctx, id, client.ExecAttachOptions{})
	if err != nil {
		return "", err
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)()
	var text bytes.Buffer
	into := &bounded{&text}
	if _, err = stdcopy.StdCopy(into, into, stream.Reader); errors.Is(err, errFull) {
		_, err = io.Copy(io.Discard, stream.Reader)
	}
	return text.String(), err
}

// CopyInto unpacks a tar archive in a directory of a container, which need not run. A missing directory is ErrNotFound.
func (e *Engine) CopyInto(ctx context.Context, id, dir string, archive io.Reader) error {
	r := request{doing: fmt.Sprintf("copy files into container %q", id), limit: e.limits.transfer}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: dir, Content: archive})
		return err
	})
}
