package docker

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/moby/client"
)

// Console is what the terminal of a container says from now on.
type Console struct{ stream client.ContainerAttachResult }

// Console attaches to the terminal of a container that has one (Spec.TTY), and need not run yet: what it says after this has
// returned is not missed. The console has to be read, or the container stands still, and to be closed.
func (e *Engine) Console(ctx context.Context, id string) (*Console, error) {
	console := &Console{}
	r := request{doing: fmt.Sprintf("attach to container %q", id), limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		console.stream, err = c.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
		return err
	})
	if err != nil {
		return nil, err
	}
	return console, nil
}

// CopyTo copies what the terminal says until the container has ended, the daemon goes away, or the console is closed.
// Which of them it was, only the container tells.
func (c *Console) CopyTo(w io.Writer) { _, _ = io.Copy(w, c.stream.Reader) }

// Close ends CopyTo. A nil console is fine.
func (c *Console) Close() {
	if c != nil {
		c.stream.Close()
	}
}
