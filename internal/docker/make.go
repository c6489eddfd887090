package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/moby/moby/client"
)

// Import makes an image of a file system, which is a tar archive, and gives it a reference.
func (e *Engine) Import(ctx context.Context, filesystem io.Reader, ref string, labels map[string]string) error {
	r := request{doing: fmt.Sprintf("import image %q", ref), limit: e.limits.transfer}
	return e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		stream, err := c.ImageImport(ctx, client.ImageImportSource{Source: filesystem, SourceName: "-"}, ref,
			client.ImageImportOptions{Changes: labelling(labels)})
		if err != nil {
			return err
		}
		return errors.Join(failure(stream), stream.Close())
	})
}

// failure reads a stream to its end and looks for an error in it: the daemon has answered with 200 long before.
func failure(stream io.Reader) error {
	for lines := json.NewDecoder(stream); ; {
		var said struct {
			Error string `json:"error"`
		}
		switch err := lines.Decode(&said); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case said.Error != "":
			return errors.New(said.Error)
		}
	}
}

// Commit makes an image of what a container's file system is now, gives it a reference, and returns its id. It has the
// settings of the container's image. The container stands still meanwhile.
func (e *Engine) Commit(ctx context.Context, id, ref string, labels map[string]string) (imageID string, err error) {
	r := request{doing: fmt.Sprintf("make image %q of container %q", ref, id), limit: e.limits.transfer, conflict: ErrInUse}
	err = e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		out, err := c.ContainerCommit(ctx, id, client.ContainerCommitOptions{Reference: ref, Changes: labelling(labels)})
		imageID = out.ID
		return err
	})
	return imageID, err
}

// labelling are the lines of a Dockerfile that set labels.
func labelling(labels map[string]string) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		lines = append(lines, "LABEL "+strconv.Quote(name)+"="+strconv.Quote(labels[name]))
	}
	return lines
}
