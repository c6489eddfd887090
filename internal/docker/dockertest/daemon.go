package dockertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"bluegreen/internal/docker"
)

// patience is how long a daemon may take to come up or to go down on a busy machine.
const patience = 90 * time.Second

// Daemon is a real Docker Engine.
type Daemon struct {
	Host   string // e.g. unix:///tmp/bgt123/docker.sock
	Root   string // its data directory
	Driver string // of its image store: overlay2 where that works, else vfs

	home  *home
	args  []string
	paths map[string]string

	containerd, dockerd *process
}

// Option changes what Start brings up.
type Option func(*options)

type options struct {
	args     []string
	disk     int64
	measured bool
}

// Args adds arguments of dockerd, e.g. "--live-restore".
func Args(args ...string) Option {
	return func(o *options) { o.args = append(o.args, args...) }
}

// Disk gives the engine a disk of so many bytes to keep its data on. It is in memory.
func Disk(bytes int64) Option {
	return func(o *options) { o.disk = bytes }
}

// Start brings up an engine, which goes away with everything in it when the test ends.
func Start(t testing.TB, opts ...Option) *Daemon {
	t.Helper()
	d, err := start(programs(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.home.destroy(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func start(paths map[string]string, opts []Option) (*Daemon, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	if err := sweep(); err != nil {
		return nil, fmt.Errorf("remove what killed tests have left: %w", err)
	}
	h, err := newHome(o.disk)
	if err != nil {
		return nil, err
	}
	h.hidden = o.measured && unmounted()
	d := &Daemon{
		Host: "unix://" + h.path("docker.sock"), Root: h.path("data"), Driver: storageDriver(h.path("data")),
		home: h, paths: paths,
	}
	d.args = append(d.arguments(), o.args...)
	if err = d.boot(); err != nil {
		return nil, errors.Join(err, d.home.destroy())
	}
	return d, nil
}

func (d *Daemon) arguments() []string {
	h := d.home
	return []string{
		"--host", d.Host, "--data-root", d.Root, "--exec-root", h.path("exec"), "--pidfile", h.path("pid"),
		"--config-file", h.path("daemon.json"), "--containerd", h.path("containerd.sock"),
		"--userland-proxy-path", d.paths["docker-proxy"], "--init-path", d.paths["docker-init"],
		"--storage-driver", d.Driver, "--bridge", h.name, "--cgroup-parent", "/" + h.name,
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--iptables=false", "--ip-forward=false", "--ip-masq=false",
		"--shutdown-timeout", "2",
	}
}

// boot starts a containerd of its own, as Debian does: it outlives the daemon, and so do containers.
func (d *Daemon) boot() error {
	h := d.home
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n",
		h.path("data", "containerd"), h.path("containerd"), h.path("containerd.sock"))
	if err := os.WriteFile(h.path("containerd.toml"), []byte(config), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(h.path("daemon.json"), []byte("{}"), 0o600); err != nil {
		return err
	}
	program, args := d.paths["containerd"], []string{"--config", h.path("containerd.toml")}
	if d.home.hidden {
		program, args = inNamespace(program, args...)
	}
	var err error
	if d.containerd, err = spawn(h.path("containerd.log"), program, args...); err != nil {
		return err
	}
	if err = d.containerd.until("containerd listens", func() bool { return listens(h.path("containerd.sock")) }); err != nil {
		return err
	}
	return d.up()
}

func (d *Daemon) up() error {
	program, args := d.paths["dockerd"], d.args
	if d.home.hidden {
		program, args = joining(d.containerd.cmd.Process.Pid, program, args...)
	}
	var err error
	if d.dockerd, err = spawn(d.home.path("dockerd.log"), program, args...); err != nil {
		return err
	}
	return d.dockerd.until("dockerd answers", d.answers)
}

// Up starts the daemon again, on what it left, after Kill or Stop.
func (d *Daemon) Up(t testing.TB) {
	t.Helper()
	if err := d.up(); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the daemon with SIGKILL. Its containers run on until it is up again.
func (d *Daemon) Kill(t testing.TB) {
	t.Helper()
	if err := d.dockerd.end(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the daemon as a shutdown does: it stops its containers.
func (d *Daemon) Stop(t testing.TB) {
	t.Helper()
	if err := d.dockerd.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// Freeze makes the daemon hang: it accepts connections and does nothing, until Thaw.
func (d *Daemon) Freeze(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGSTOP)
	if err := d.dockerd.until("dockerd stands still", func() bool { return standsStill(d.dockerd.cmd.Process.Pid) }); err != nil {
		t.Fatal(err)
	}
}

// Thaw lets a frozen daemon go on.
func (d *Daemon) Thaw(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGCONT)
}

func (d *Daemon) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := d.dockerd.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Engine connects to the daemon.
func (d *Daemon) Engine(t testing.TB) *docker.Engine {
	t.Helper()
	e, err := docker.Connect(d.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// Cgroup is the directory of the cgroup of a container under one of v1's controllers, or the one under v2.
func (d *Daemon) Cgroup(controller, container string) string {
	if _, err := os.Stat(filepath.Join(cgroups, "cgroup.controllers")); err == nil {
		controller = ""
	}
	root := fmt.Sprintf("/proc/%d/root", d.containerd.cmd.Process.Pid)
	return filepath.Join(root, cgroups, controller, d.home.name, container)
}

func listens(socket string) bool {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func (d *Daemon) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	resp, err := d.do(ctx, http.MethodGet, "/_ping", "", nil)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}
