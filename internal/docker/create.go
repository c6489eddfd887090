package docker

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Create creates a container and does not start it. A taken name is ErrConflict, a missing image ErrNotFound, a spec
// that makes no sense ErrInvalid.
func (e *Engine) Create(ctx context.Context, s Spec) (id string, err error) {
	r := request{doing: fmt.Sprintf("create container %q", s.Name), limit: e.limits.create, conflict: ErrConflict}
	options, err := s.options()
	if err != nil {
		return "", &Error{Op: r.doing, Kind: ErrInvalid, Err: err}
	}
	var out client.ContainerCreateResult
	err = e.call(ctx, r, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.ContainerCreate(ctx, options)
		return err
	})
	for _, w := range out.Warnings {
		e.warn(s.Name, w)
	}
	return out.ID, err
}

func (s Spec) options() (client.ContainerCreateOptions, error) {
	exposed, bindings, err := ports(s.Ports)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	host, err := s.host(bindings)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	return client.ContainerCreateOptions{Name: s.Name, HostConfig: host, Config: &container.Config{
		Image: s.Image, Cmd: s.Command, Entrypoint: s.Entrypoint, Env: assignments(s.Env), Labels: s.Labels,
		User: s.User, WorkingDir: s.WorkingDir, Hostname: s.Hostname, Tty: s.TTY, ExposedPorts: exposed,
		StopSignal: s.StopSignal, StopTimeout: seconds(s.StopTimeout), Healthcheck: s.Healthcheck.config(),
	}}, nil
}

func (s Spec) host(bindings network.PortMap) (*container.HostConfig, error) {
	resolvers, err := addresses(s.DNS)
	if err != nil {
		return nil, err
	}
	host := &container.HostConfig{
		NetworkMode: container.NetworkMode(s.Network), PortBindings: bindings, DNS: resolvers, ExtraHosts: s.ExtraHosts,
		ReadonlyRootfs: s.ReadOnly, Tmpfs: s.Tmpfs, Mounts: mounts(s.Mounts, s.Volumes), ShmSize: s.ShmSize,
		CapAdd: s.CapAdd, CapDrop: s.CapDrop, SecurityOpt: s.security(), OomScoreAdj: s.OOMScoreAdj, Init: &s.Init,
		Sysctls: s.Sysctls, CgroupnsMode: container.CgroupnsMode(s.CgroupNamespace),
		LogConfig: container.LogConfig{Type: s.Log.Driver, Config: s.Log.Options}, RestartPolicy: s.Restart.policy(),
		Resources: container.Resources{
			Memory: s.Memory, MemorySwap: s.MemorySwap, NanoCPUs: int64(math.Round(s.CPUs * 1e9)),
		},
	}
	if s.VolumesFrom != "" {
		host.VolumesFrom = []string{s.VolumesFrom}
	}
	if s.PIDs != 0 {
		host.PidsLimit = &s.PIDs
	}
	for _, u := range s.Ulimits {
		host.Ulimits = append(host.Ulimits, &container.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard})
	}
	return host, nil
}

func (r Restart) policy() container.RestartPolicy {
	name := cmp.Or(container.RestartPolicyMode(r.Policy), container.RestartPolicyDisabled)
	return container.RestartPolicy{Name: name, MaximumRetryCount: r.Max}
}

func (s Spec) security() []string {
	var options []string
	if s.NoNewPrivileges {
		options = append(options, "no-new-privileges:true")
	}
	if s.Seccomp != "" {
		options = append(options, "seccomp="+s.Seccomp)
	}
	if s.AppArmor != "" {
		options = append(options, "apparmor="+s.AppArmor)
	}
	return options
}

func ports(all []Port) (network.PortSet, network.PortMap, error) {
	exposed, bindings := network.PortSet{}, network.PortMap{}
	for _, p := range all {
		port, err := p.inside()
		if err != nil {
			return nil, nil, err
		}
		bound := network.PortBinding{}
		if p.Host != 0 {
			bound.HostPort = fmt.Sprint(p.Host)
		}
		if p.HostIP != "" {
			if bound.HostIP, err = netip.ParseAddr(p.HostIP); err != nil {
				return nil, nil, fmt.Errorf("host address of port %v: %w", port, err)
			}
		}
		exposed[port] = struct{}{}
		bindings[port] = append(bindings[port], bound)
	}
	return exposed, bindings, nil
}

// inside is the container's port. The daemon finds out only when it starts the container that a protocol is none.
func (p Port) inside() (network.Port, error) {
	port, ok := network.PortFrom(p.Container, network.IPProtocol(cmp.Or(p.Protocol, string(network.TCP))))
	protocols := []network.IPProtocol{network.TCP, network.UDP, network.SCTP}
	if !ok || p.Container == 0 || !slices.Contains(protocols, port.Proto()) {
		return port, fmt.Errorf("port %d/%s cannot be", p.Container, p.Protocol)
	}
	return port, nil
}

// mounts are not "binds": for those the engine makes a directory when the source is missing.
func mounts(all []Mount, volumes []string) []mount.Mount {
	var out []mount.Mount
	for _, m := range all {
		out = append(out, mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly})
	}
	for _, path := range volumes {
		out = append(out, mount.Mount{Type: mount.TypeVolume, Target: path})
	}
	return out
}

func addresses(all []string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, text := range all {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("address of a resolver: %w", err)
		}
		out = append(out, a)
	}
	return out, nil
}

func assignments(env map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}

func (h *Healthcheck) config() *container.HealthConfig {
	if h == nil {
		return nil
	}
	return &container.HealthConfig{
		Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries,
	}
}

// seconds is what the engine counts in, rounded up; nil for zero, which leaves it to the engine.
func seconds(d time.Duration) *int {
	if d == 0 {
		return nil
	}
	n := int((d + time.Second - 1) / time.Second)
	return &n
}
