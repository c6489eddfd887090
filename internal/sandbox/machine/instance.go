package machine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"bluegreen/internal/docker"
)

// instance is a machine that runs or not: a container, which is its disk too, until it is terminated.
type instance struct {
	host *Host
	id   string

	// With the host's lock:
	last    chan struct{} // closed when all that was asked for so far has been done
	current *run          // the last run; it may have ended
	scripts int           // that were run on it

	turn      sync.Mutex // whose turn it is to do something to the container
	container string     // id; "" before the first boot, and when it is gone
}

// instance finds one, or makes it. The host must be locked.
func (h *Host) instance(id string) *instance {
	i := h.instances[id]
	if i == nil {
		i = &instance{host: h, id: id, last: make(chan struct{})}
		close(i.last)
		h.instances[id] = i
	}
	return i
}

// then has something done when all that was asked for before is done. The host must be locked.
func (i *instance) then(do func()) {
	before, done := i.last, make(chan struct{})
	i.last = done
	i.host.work.Go(func() {
		defer close(done)
		<-before
		do()
	})
}

func (i *instance) tell(problem error) {
	if i.host.ctx.Err() == nil { // or else it is our own doing
		i.host.Log(fmt.Errorf("instance %s: %w", i.id, problem))
	}
}

// create makes the container, with what belongs on its disk before the first boot.
func (r *run) create(ctx context.Context) error {
	spec := r.spec()
	id, err := r.host.Engine.Create(ctx, spec)
	if err != nil {
		return err
	}
	r.container = id
	return r.write(ctx, r.userData())
}

// write puts files on the disk.
func (i *instance) write(ctx context.Context, files []file) error {
	packed, err := archive(files)
	if err != nil {
		return err
	}
	return i.host.Engine.CopyInto(ctx, i.container, "/", packed)
}

// spec is a container in which systemd and Docker run. It may change what is its own, and the cgroups, which systemd has to
// manage. The engine's default profiles for system calls would refuse the mounts that both make. SYS_BOOT lets a reboot
// look different from the power being cut: within a container it ends that, and nothing else.
func (r *run) spec() docker.Spec {
	h := r.host
	labels := h.labels()
	labels[instanceLabel] = r.id
	return docker.Spec{
		Name: h.name + "-" + r.id, Hostname: r.id, Image: h.diskOf(r.machine), Command: []string{"/sbin/init"}, TTY: true,
		Env: map[string]string{"container": "docker"}, Labels: labels, Log: docker.Log{Driver: "none"}, // Console keeps it
		Network: h.network.ID, ExtraHosts: []string{h.sandbox.Images.Host() + ":" + h.network.Gateway},
		Sysctls: map[string]string{
			"net.ipv4.ip_forward":              "1", // to what its own engine runs
			"net.ipv4.conf.all.route_localnet": "1", // to the endpoint: see network
		},
		CapAdd: []string{"SYS_ADMIN", "NET_ADMIN", "SYS_BOOT"}, Seccomp: "unconfined", AppArmor: "unconfined", CgroupNamespace: "host",
		Mounts:     []docker.Mount{{Source: "/sys/fs/cgroup", Target: "/sys/fs/cgroup"}},
		Volumes:    dockerVolumes, // an overlay cannot be on top of another
		Tmpfs:      map[string]string{"/run": "mode=755", "/run/lock": "", "/tmp": "mode=1777"},
		StopSignal: "SIGRTMIN+3", // which systemd takes for "halt"
	}
}

// remove ends the instance for good.
func (i *instance) remove() {
	i.turn.Lock()
	defer i.turn.Unlock()
	if i.container == "" {
		return
	}
	err := remove(context.Background(), i.host.Engine, i.container)
	i.container = ""
	if err != nil && !errors.Is(err, docker.ErrNotFound) {
		i.tell(fmt.Errorf("remove its disk: %w", err))
	}
}
