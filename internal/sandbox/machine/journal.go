package machine

import (
	"context"
	"fmt"
	"strings"

	"bluegreen/internal/docker"
)

// Journal is what the agents of all instances said last, for the one who has to find out why they do not serve.
func (h *Host) Journal(ctx context.Context) string {
	all, err := h.Engine.Containers(ctx, map[string]string{hostLabel: h.name})
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, c := range all {
		if c.State != docker.Running {
			continue
		}
		said, err := h.Engine.Exec(ctx, c.ID, "journalctl", "--unit=bluegreen-agent", "--lines=20", "--no-pager", "--output=cat")
		if err != nil {
			said.Output = err.Error()
		}
		fmt.Fprintf(&text, "instance %s:\n%s\n", c.Labels[instanceLabel], strings.TrimSpace(said.Output))
	}
	return strings.TrimSpace(text.String())
}
