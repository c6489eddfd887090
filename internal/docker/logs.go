package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// maxLogs bounds what Logs reads, in bytes: a line of a container has no length limit.
const maxLogs = 4 << 20

// Logs reads the last lines of what a container wrote to its standard output and error, of a few megabytes at most. Log
// drivers that keep nothing on this host are an error.
func (e *Engine) Logs(ctx context.Context, id string, tail int) ([]string, error) {
	var text bytes.Buffer
	r := request{doing: fmt.Sprintf("read the logs of container %q", id), limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		text.Reset()
		stream, err := c.ContainerLogs(ctx, id, client.ContainerLogsOptions{
			ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(max(tail, 0)),
		})
		if err != nil {
			return err
		}
		into := &bounded{&text}
		if _, err = stdcopy.StdCopy(into, into, stream); errors.Is(err, errFull) {
			err = nil
		}
		return errors.Join(err, stream.Close())
	})
	if err != nil {
		return nil, err
	}
	return lines(text.String()), nil
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range all {
		all[i] = strings.TrimSuffix(line, "\r")
	}
	return all
}

var errFull = errors.New("read enough")

type bounded struct{ *bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxLogs - b.Len(); len(p) > room {
		b.Buffer.Write(p[:room])
		return room, errFull
	}
	return b.Buffer.Write(p)
}
