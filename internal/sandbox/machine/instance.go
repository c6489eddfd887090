package machine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox/ec2"
)

// instance is one run of a machine, from boot to shutdown.
type instance struct {
	host    *Host
	machine ec2.Machine
	before  *instance     // the run before it, which has to end first; may be nil
	done    chan struct{} // closed when it has ended

	container string // id
	metadata  *server
	behind    *server // the metadata service as containers on the instance see it
	forward   *forwarder
}

// run boots the instance and shuts it down when ctx ends.
func (i *instance) run(ctx context.Context) {
	if i.before != nil {
		<-i.before.done
		i.before = nil
	}
	if ctx.Err() == nil {
		if err := i.boot(i.host.ctx); err != nil && i.host.ctx.Err() == nil {
			i.tell(fmt.Errorf("boot: %w", err))
		}
	}
	<-ctx.Done()
	if err := i.end(); err != nil {
		i.tell(fmt.Errorf("end: %w", err))
	}
}

func (i *instance) tell(problem error) {
	i.host.Log(fmt.Errorf("instance %s: %w", i.machine.InstanceID, problem))
}

// boot returns when the container runs; what is in it comes up in its own time. It is not interrupted when the instance is
// to end: a container whose creation was cut short may be there or not.
func (i *instance) boot(ctx context.Context) (err error) {
	h := i.host
	if i.metadata, err = h.serve(h.sandbox.IMDS(i.machine.InstanceID), false); err != nil {
		return err
	}
	if i.behind, err = h.serve(h.sandbox.IMDSBehind(i.machine.InstanceID, 1), false); err != nil {
		return err
	}
	packed, err := archive(i.files())
	if err != nil {
		return err
	}
	if i.container, err = h.Engine.Create(ctx, i.spec()); err != nil {
		return err
	}
	if err := h.Engine.CopyInto(ctx, i.container, "/", packed); err != nil {
		return err
	}
	if err := h.Engine.Start(ctx, i.container); err != nil {
		return err
	}
	running, err := h.Engine.Container(ctx, i.container)
	if err != nil {
		return err
	}
	if running.IP == "" {
		said, _ := h.Engine.Logs(ctx, i.container, 10) // the state is error enough
		return fmt.Errorf("it is %s at once, with exit code %d: %s", running.State, running.ExitCode, strings.Join(said, "\n"))
	}
	i.forward, err = forward(h.sandbox.Fabric, i.machine.Addr, running.IP, h.Ports)
	return err
}

// spec is a container in which systemd and Docker run. It may change what is its own, and the cgroups, which systemd has to
// manage. The engine's default profiles for system calls would refuse the mounts that both make.
func (i *instance) spec() docker.Spec {
	h := i.host
	labels := h.labels()
	labels[instanceLabel] = i.machine.InstanceID
	disk := h.Disk
	if i.machine.ImageTags[DiskTag] != "" {
		disk = i.machine.ImageTags[DiskTag]
	}
	return docker.Spec{
		Name: h.name + "-" + i.machine.InstanceID, Hostname: i.machine.InstanceID, Image: disk, Command: []string{"/sbin/init"},
		Env: map[string]string{"container": "docker"}, Labels: labels,
		Network: h.network.ID, ExtraHosts: []string{h.sandbox.Images.Host() + ":" + h.network.Gateway},
		Sysctls: map[string]string{"net.ipv4.ip_forward": "1"}, // to what its own engine runs
		CapAdd:  []string{"SYS_ADMIN", "NET_ADMIN"}, Seccomp: "unconfined", AppArmor: "unconfined", CgroupNamespace: "host",
		Mounts:     []docker.Mount{{Source: "/sys/fs/cgroup", Target: "/sys/fs/cgroup"}},
		Volumes:    []string{"/var/lib/docker", "/var/lib/containerd"}, // an overlay cannot be on top of another
		Tmpfs:      map[string]string{"/run": "mode=755", "/run/lock": "", "/tmp": "mode=1777"},
		StopSignal: "SIGRTMIN+3", // which systemd takes for "halt"
	}
}

// end shuts the instance down, and cuts its power when that takes too long or the host is closed.
func (i *instance) end() error {
	h := i.host
	var err error
	if i.container != "" && h.ctx.Err() == nil {
		err = h.Engine.Stop(h.ctx, i.container, h.ShutdownLimit)
		if h.ctx.Err() != nil || errors.Is(err, docker.ErrNotFound) {
			err = nil
		}
	}
	if i.forward != nil {
		i.forward.close()
	}
	if i.container != "" {
		err = errors.Join(err, remove(context.Background(), h.Engine, i.container))
	}
	i.metadata.close()
	i.behind.close()
	return err
}
