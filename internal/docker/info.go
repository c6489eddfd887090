package docker

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
)

// Info is what an engine says of itself.
type Info struct {
	Version         string // e.g. "20.10.24+dfsg1"
	APIVersion      string // agreed on, e.g. "1.41"
	Root            string // its data directory
	ImageRoot       string // the directory on whose file system images are stored; Root unless ContainerdStore
	Driver          string // of the image store, e.g. "overlay2"
	ContainerdStore bool   // images are in containerd, which keeps each layer twice, packed and unpacked
	CgroupVersion   int    // 1 or 2
	Runtimes        []string
	LogDriver       string // default of containers
	Architecture    string // as the kernel has it, e.g. "x86_64"
	CPUs            int
	Memory          int64 // bytes
	Seccomp         bool
	AppArmor        bool
	LiveRestore     bool // containers survive a stop of the daemon
	MemoryLimit     bool // this and what follows: limits that this kernel lets the engine set
	SwapLimit       bool
	CPULimit        bool
	PIDsLimit       bool
	Warnings        []string
}

// Info asks the engine about itself.
func (e *Engine) Info(ctx context.Context) (Info, error) {
	var out client.SystemInfoResult
	var version string
	err := e.call(ctx, request{doing: "read docker's info", limit: e.limits.read}, func(ctx context.Context, c *client.Client) (err error) {
		out, err = c.Info(ctx, client.InfoOptions{})
		version = c.ClientVersion()
		return err
	})
	if err != nil {
		return Info{}, err
	}
	info := fromInfo(out.Info)
	info.APIVersion = version
	return info, nil
}

func fromInfo(in system.Info) Info {
	out := Info{
		Version: in.ServerVersion, Root: in.DockerRootDir, ImageRoot: in.DockerRootDir, Driver: in.Driver,
		Runtimes: slices.Sorted(maps.Keys(in.Runtimes)), LogDriver: in.LoggingDriver,
		Architecture: in.Architecture, CPUs: in.NCPU, Memory: in.MemTotal, LiveRestore: in.LiveRestoreEnabled,
		Seccomp: hasSecurity(in.SecurityOptions, "seccomp"), AppArmor: hasSecurity(in.SecurityOptions, "apparmor"),
		MemoryLimit: in.MemoryLimit, SwapLimit: in.SwapLimit, CPULimit: in.CPUCfsQuota, PIDsLimit: in.PidsLimit,
		Warnings: in.Warnings, CgroupVersion: 1, // engines that do not say it know no other
	}
	if n, err := strconv.Atoi(in.CgroupVersion); err == nil {
		out.CgroupVersion = n
	}
	for _, status := range in.DriverStatus {
		if status[0] == "driver-type" && strings.HasPrefix(status[1], "io.containerd.snapshotter.") {
			out.ContainerdStore = true
			out.ImageRoot = containerdRoot(in)
		}
	}
	return out
}

// containerdRoot is the default of the containerd that is used: the system's, or the daemon's own. No API says it.
func containerdRoot(in system.Info) string {
	if in.Containerd != nil && strings.HasPrefix(in.Containerd.Address, "/run/containerd/") {
		return "/var/lib/containerd"
	}
	return filepath.Join(in.DockerRootDir, "containerd", "daemon")
}

// hasSecurity looks for a feature in a list like "name=seccomp,profile=builtin".
func hasSecurity(options []string, name string) bool {
	return slices.ContainsFunc(options, func(o string) bool {
		return o == "name="+name || strings.HasPrefix(o, "name="+name+",")
	})
}
