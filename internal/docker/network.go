package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/client"
)

// Network is a bridge network of an engine.
type Network struct {
	ID      string
	Name    string
	Labels  map[string]string
	Gateway string // the address of its bridge on the host
	Subnet  string // e.g. "172.18.0.0/16"
}

// CreateNetwork makes a bridge with a subnet of the engine's choice, and returns its id. Names are not unique.
func (e *Engine) CreateNetwork(ctx context.Context, name string, labels map[string]string) (id string, err error) {
	r := request{doing: fmt.Sprintf("create network %q", name), limit: e.limits.read, conflict: ErrConflict}
	err = e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		out, err := c.NetworkCreate(ctx, name, client.NetworkCreateOptions{Driver: "bridge", Labels: labels})
		id = out.ID
		return err
	})
	return id, err
}

// Network reads a network by id or name. A missing one is ErrNotFound.
func (e *Engine) Network(ctx context.Context, id string) (Network, error) {
	var out client.NetworkInspectResult
	r := request{doing: fmt.Sprintf("read network %q", id), limit: e.limits.read}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.NetworkInspect(ctx, id, client.NetworkInspectOptions{})
		return err
	})
	if err != nil {
		return Network{}, err
	}
	in := out.Network
	n := Network{ID: in.ID, Name: in.Name, Labels: in.Labels}
	for _, part := range in.IPAM.Config {
		if part.Gateway.IsValid() && part.Gateway.Is4() {
			n.Gateway, n.Subnet = part.Gateway.String(), part.Subnet.String()
			break
		}
	}
	return n, nil
}

// Networks lists the ids of all networks that have all these labels. A label with an empty value stands for any value.
func (e *Engine) Networks(ctx context.Context, labels map[string]string) (ids []string, err error) {
	r := request{doing: "list networks", limit: e.limits.read}
	err = e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		list, err := c.NetworkList(ctx, client.NetworkListOptions{Filters: labelFilter(labels)})
		ids = nil
		for _, n := range list.Items {
			ids = append(ids, n.ID)
		}
		return err
	})
	slices.SortFunc(ids, strings.Compare)
	return ids, err
}

// RemoveNetwork removes a network. One with containers in it is ErrInUse.
func (e *Engine) RemoveNetwork(ctx context.Context, id string) error {
	r := request{doing: fmt.Sprintf("remove network %q", id), limit: e.limits.remove, conflict: ErrInUse}
	err := e.call(ctx, r, func(ctx context.Context, c *client.Client) error {
		_, err := c.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
		return err
	})
	return busyNetwork(err)
}

// busyNetwork knows the 403 that the daemon answers where it means a conflict.
func busyNetwork(err error) error {
	var failed *Error
	if errors.As(err, &failed) && failed.Kind == nil && strings.Contains(failed.Err.Error(), "has active endpoints") {
		failed.Kind = ErrInUse
	}
	return err
}
