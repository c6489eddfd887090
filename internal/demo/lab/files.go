package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bluegreen/internal/bluegreen"
	"bluegreen/internal/sandbox/stack"
)

// files are what was written for the account's users.
type files struct {
	config, ca string
	bakery     string // "" where no images can be made
	ownDir     bool   // the directory is ours to remove
}

// ConfigFile is the app's configuration as a file.
func (l *Lab) ConfigFile() string { return l.files.config }

// CAFile has the certificate of the authority that the load balancers' certificates come from.
func (l *Lab) CAFile() string { return l.files.ca }

func (l *Lab) writeFiles() (err error) {
	if l.dir == "" {
		if l.dir, err = os.MkdirTemp("", "switcher-sandbox-"); err != nil {
			return fmt.Errorf("make a directory for the sandbox's files: %w", err)
		}
		l.files.ownDir = true
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return fmt.Errorf("make the directory for the sandbox's files: %w", err)
	}
	if l.dir, err = filepath.Abs(l.dir); err != nil {
		return err
	}
	l.files.config, l.files.ca = filepath.Join(l.dir, "bluegreen.toml"), filepath.Join(l.dir, "ca.pem")
	if err := os.WriteFile(l.files.config, []byte(configText(l.Config(), l.speed)), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := os.WriteFile(l.files.ca, l.Sandbox.Balancer.CAPEM(), 0o600); err != nil {
		return fmt.Errorf("write the authority's certificate: %w", err)
	}
	if l.containers == nil {
		return nil
	}
	return l.writeBakery()
}

func (l *Lab) removeFiles() {
	if l.files.ownDir {
		_ = os.RemoveAll(l.dir) // in a temporary directory: what is left goes with that
	}
}

// configText is a configuration as a person would write it: what does not follow from the rest.
func configText(c bluegreen.Config, speed float64) string {
	d := bluegreen.Default()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# The app of a sandbox that runs %g times as fast as AWS. Its waits are as much shorter.", speed)
	setting := func(key string, value, usual any) {
		if value != usual {
			if text, isText := value.(fmt.Stringer); isText {
				value = text.String()
			}
			line("%s = %#v", key, value)
		}
	}
	setting("app", c.App, d.App)
	setting("region", c.Region, d.Region)
	setting("lease", c.Lease, d.Lease)
	line("\n[dns]")
	setting("zone", c.DNS.Zone, d.DNS.Zone)
	setting("zone_id", c.DNS.ZoneID, d.DNS.ZoneID)
	line("names = [\"%s\"]", strings.Join(c.DNS.Names, `", "`))
	line("\n[rollout]")
	setting("interval", c.Rollout.Interval, d.Rollout.Interval)
	setting("hold", c.Rollout.Hold, d.Rollout.Hold)
	line("\n[probe]")
	setting("scheme", c.Probe.Scheme, d.Probe.Scheme)
	setting("port", c.Probe.Port, d.Probe.Port)
	setting("path", c.Probe.Path, d.Probe.Path)
	setting("interval", c.Probe.Interval, d.Probe.Interval)
	setting("successes", c.Probe.Successes, d.Probe.Successes)
	line("\n[gate]")
	setting("period", c.Gate.Period, d.Gate.Period)
	setting("interval", c.Gate.Interval, d.Gate.Interval)
	line("\n[drain]")
	setting("period", c.Drain.Period, d.Drain.Period)
	setting("quiet", c.Drain.Quiet, d.Drain.Quiet)
	line("\n[limits]")
	setting("poll", c.Limits.Poll, d.Limits.Poll)
	setting("in_service", c.Limits.InService, d.Limits.InService)
	setting("probe", c.Limits.Probe, d.Limits.Probe)
	setting("propagation", c.Limits.Propagation, d.Limits.Propagation)
	setting("drain", c.Limits.Drain, d.Limits.Drain)
	setting("scale_in", c.Limits.ScaleIn, d.Limits.ScaleIn)
	return b.String()
}

// Variable is one of the environment.
type Variable struct{ Name, Value string }

// Environment is all that the aws CLI, the SDKs, switcher and amibake need to find the account. An empty value is one to unset.
func (l *Lab) Environment() []Variable {
	region := l.Sandbox.Account.Region
	all := []Variable{
		{"AWS_ENDPOINT_URL", l.Sandbox.Endpoint()},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
		{"AWS_ACCESS_KEY_ID", stack.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", stack.SecretAccessKey},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"AWS_SESSION_TOKEN", ""},
		{"AWS_PROFILE", ""},
		{"BLUEGREEN_CONFIG", l.files.config},
		{"BLUEGREEN_RESOLVER", l.Sandbox.Resolver()},
	}
	if l.files.bakery != "" {
		all = append(all, Variable{"AMIBAKE_CONFIG", l.files.bakery}, Variable{"AMIBAKE_POLL", bakePoll.String()})
	}
	return all
}
