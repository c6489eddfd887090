package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bluegreen/internal/docker"
)

// SecretFiles is what there is of the secrets when the container is made.
type SecretFiles struct {
	Dir string            // folder of the host with their files, in memory; needed if any secret has one
	Env map[string]string // values of those that are variables, by name
}

// Spec is the container that the settings ask for. Its name, its labels and the image by digest are its owner's to add:
// they change without a change of the settings.
func Spec(s Settings, secrets SecretFiles) (docker.Spec, error) {
	c := s.Container
	spec := docker.Spec{
		Command: c.Command, Entrypoint: c.Entrypoint, Env: map[string]string{},
		User: c.User, WorkingDir: c.WorkingDir, Hostname: c.Hostname, Init: c.Init,
		ExtraHosts: extraHosts(c.ExtraHosts), DNS: c.DNS,
		Memory: c.Memory.Bytes(), MemorySwap: c.Memory.Bytes(), // equal: no swap
		ShmSize: c.ShmSize.Bytes(), CPUs: c.CPUs, PIDs: int64(c.PIDs), Ulimits: ulimits(c.Ulimits), OOMScoreAdj: c.OOMScore,
		ReadOnly: c.ReadOnly, Tmpfs: map[string]string{}, NoNewPrivileges: c.NoNewPrivileges,
		CapDrop: []string{"ALL"}, CapAdd: slices.Sorted(slices.Values(c.Capabilities)), AppArmor: c.AppArmor,
		StopSignal: c.StopSignal, StopTimeout: c.StopTimeout,
		// The engine restarts what crashed, and nothing at boot: there are no secrets then.
		Restart: docker.Restart{Policy: "on-failure", Max: s.Restart.Crashes},
		Log:     docker.Log{Driver: s.Log.Driver, Options: maps.Clone(s.Log.Options)},
	}
	if c.Network != "bridge" {
		spec.Network = c.Network
	}
	if c.Seccomp == unconfined {
		spec.Seccomp = unconfined
	} else {
		spec.Seccomp = c.SeccompProfile
	}
	for _, p := range c.Ports {
		spec.Ports = append(spec.Ports, docker.Port(p))
	}
	for _, m := range c.Mounts {
		spec.Mounts = append(spec.Mounts, docker.Mount{Source: m.Source, Target: m.Target, ReadOnly: !m.Write})
	}
	for path, t := range c.Tmpfs {
		spec.Tmpfs[path] = t.options()
	}
	maps.Copy(spec.Env, c.Env)
	err := s.addSecrets(&spec, secrets)
	return spec, err
}

// addSecrets shows the app its secrets.
func (s Settings) addSecrets(spec *docker.Spec, secrets SecretFiles) error {
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		if !s.Secrets[name].Env {
			continue
		}
		value, ok := secrets.Env[name]
		if !ok {
			return fmt.Errorf("the secret %s, which is to be a variable, has no value yet", name)
		}
		spec.Env[name] = value
	}
	if !s.hasSecretFiles() {
		return nil
	}
	if secrets.Dir == "" {
		return errors.New("there is no folder yet for the files of the secrets")
	}
	spec.Mounts = append(spec.Mounts, docker.Mount{Source: secrets.Dir, Target: SecretsTarget, ReadOnly: true})
	return nil
}

// Fits checks the settings against the image that is to run.
func Fits(s Settings, image docker.Image) error {
	if s.Health.Probe == "docker" && !image.Healthcheck {
		return errors.New(`the image has no HEALTHCHECK, which health.probe = "docker" goes by: set health.probe = "http" or "tcp"`)
	}
	return nil
}

// RunsAsRoot says whether the app will be root within its container because nothing else was set: not in the settings, and
// not in the image.
func RunsAsRoot(s Settings, image docker.Image) bool {
	return s.Container.User == "" && (image.User == "" || rootUser(image.User))
}

func extraHosts(hosts map[string]string) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		lines = append(lines, name+":"+hosts[name])
	}
	return lines
}

func ulimits(limits map[string]Ulimit) (list []docker.Ulimit) {
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		list = append(list, docker.Ulimit{Name: name, Soft: limits[name].Soft, Hard: limits[name].Hard})
	}
	return list
}

// Access says who may read a secret's file: its owner, which is the app's user if that is known by number, and nobody
// else. If the user's number is known to the image only, everybody in the container may read it; on the host, the folder
// is closed to all but root. Mode and owner of the settings go before this.
func (s Settings) Access(secret Secret, image docker.Image) (uid, gid int, mode fs.FileMode) {
	user := s.Container.User
	if user == "" {
		user = image.User
	}
	if user == "" {
		user = "root"
	}
	mode = 0o400
	if secret.Owner != "" {
		user = secret.Owner
	}
	uid, gid, known := numbers(user)
	if !known {
		mode = 0o444
	}
	if secret.Mode != 0 {
		mode = fs.FileMode(secret.Mode)
	}
	return uid, gid, mode
}

// numbers reads "uid" or "uid:gid". A user is enough to be known; a group by name is group 0, which mode 0400 gives
// nothing.
func numbers(user string) (uid, gid int, known bool) {
	first, second, _ := strings.Cut(user, ":")
	if first == "root" {
		first = "0"
	}
	uid, err := strconv.Atoi(first)
	if err != nil {
		return 0, 0, false
	}
	gid, err = strconv.Atoi(second)
	if err != nil {
		gid = 0
	}
	return uid, gid, true
}
