package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"

	"bluegreen/internal/docker"
)

// Hash tells containers that are to be the same from those that are not. All of the Spec goes into it but name and labels,
// and so do the versions of the secrets, by name. The values of secrets do not, not even of those that are variables: a
// hash of a password and of little else can be guessed. The order of ports, mounts and ulimits does not count.
//
// An upgrade of the agent must not replace every container there is. So a field that is empty adds nothing, and neither do
// fields to come; and what is written for a field never changes.
func Hash(spec docker.Spec, secrets map[string]string) string {
	d := digest{sha256.New()}
	d.text("image", spec.Image)
	d.list("command", spec.Command)
	d.list("entrypoint", spec.Entrypoint)
	env := maps.Clone(spec.Env)
	maps.DeleteFunc(env, func(name, _ string) bool { _, secret := secrets[name]; return secret })
	d.table("env", env)
	d.table("secrets", secrets)
	d.text("user", spec.User)
	d.text("working_dir", spec.WorkingDir)
	d.text("hostname", spec.Hostname)
	d.flag("init", spec.Init)
	d.flag("tty", spec.TTY)
	d.network(spec)
	d.limits(spec)
	d.hardening(spec)
	d.text("stop_signal", spec.StopSignal)
	d.number("stop_timeout", int64(spec.StopTimeout))
	d.text("restart", spec.Restart.Policy)
	d.number("restart_max", int64(spec.Restart.Max))
	d.text("log", spec.Log.Driver)
	d.table("log_options", spec.Log.Options)
	if h := spec.Healthcheck; h != nil {
		d.list("healthcheck", h.Test)
		d.text("healthcheck_times", fmt.Sprint(int64(h.Interval), int64(h.Timeout), int64(h.StartPeriod), h.Retries))
	}
	return hex.EncodeToString(d.sum.Sum(nil)[:12])
}

type digest struct{ sum hash.Hash }

func (d digest) network(spec docker.Spec) {
	d.text("network", spec.Network)
	d.table("sysctls", spec.Sysctls)
	d.list("extra_hosts", spec.ExtraHosts)
	d.list("dns", spec.DNS)
	d.list("ports", texts(spec.Ports, func(p docker.Port) string {
		return fmt.Sprintf("%s %d %d %s", p.HostIP, p.Host, p.Container, p.Protocol)
	}))
}

func (d digest) limits(spec docker.Spec) {
	d.number("memory", spec.Memory)
	d.number("memory_swap", spec.MemorySwap)
	d.number("shm_size", spec.ShmSize)
	if spec.CPUs != 0 {
		d.text("cpus", strconv.FormatFloat(spec.CPUs, 'g', -1, 64))
	}
	d.number("pids", spec.PIDs)
	d.number("oom_score_adj", int64(spec.OOMScoreAdj))
	d.list("ulimits", texts(spec.Ulimits, func(u docker.Ulimit) string {
		return fmt.Sprintf("%s %d %d", u.Name, u.Soft, u.Hard)
	}))
}

func (d digest) hardening(spec docker.Spec) {
	d.flag("read_only", spec.ReadOnly)
	d.table("tmpfs", spec.Tmpfs)
	d.list("mounts", texts(spec.Mounts, func(m docker.Mount) string {
		return fmt.Sprintf("%d:%s %d:%s %t", len(m.Source), m.Source, len(m.Target), m.Target, m.ReadOnly)
	}))
	d.list("volumes", spec.Volumes)
	d.text("volumes_from", spec.VolumesFrom)
	d.flag("no_new_privileges", spec.NoNewPrivileges)
	d.list("cap_drop", spec.CapDrop)
	d.list("cap_add", spec.CapAdd)
	d.text("seccomp", spec.Seccomp)
	d.text("apparmor", spec.AppArmor)
	d.text("cgroup_namespace", spec.CgroupNamespace)
}

// texts are the entries of a list whose order means nothing, in an order that does not change.
func texts[T any](list []T, text func(T) string) []string {
	all := make([]string, len(list))
	for i, entry := range list {
		all[i] = text(entry)
	}
	slices.Sort(all)
	return all
}

// write writes a key and a value with its length, so that no two fields can be taken for one.
func (d digest) write(key, value string) {
	fmt.Fprintf(d.sum, "%s %d:%s\n", key, len(value), value) // a hash takes everything
}

func (d digest) text(key, value string) {
	if value != "" {
		d.write(key, value)
	}
}

func (d digest) number(key string, n int64) {
	if n != 0 {
		d.write(key, strconv.FormatInt(n, 10))
	}
}

func (d digest) flag(key string, on bool) {
	if on {
		d.write(key, "true")
	}
}

func (d digest) list(key string, values []string) {
	for _, v := range values {
		d.write(key, v)
	}
}

func (d digest) table(key string, values map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		d.write(key, name)
		d.write("=", values[name])
	}
}
