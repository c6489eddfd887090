package settings

import (
	"maps"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

var (
	secretName = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_.-]{0,127}$`)
	fileName   = pattern.Lazy(`^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$`)
	ownerIDs   = pattern.Lazy(`^\d{1,9}(:\d{1,9})?$`)
)

func (s *Settings) validateSecrets(c checker) {
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		secret, at := s.Secrets[name], config.Join("secrets", name)
		if c.unread(at) {
			continue
		}
		if !secretName().MatchString(name) {
			c.fault("secrets", name, "must have names of letters, digits, dots, hyphens and underscores, no digit first")
			continue
		}
		if secret.From == "" {
			c.fault(at+".from", nil, `must be set: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"`)
		}
		c.match(at+".owner", secret.Owner, ownerIDs, `must be numbers, such as "1000" or "1000:1000": the host does not know the names in the image`)
		c.match(at+".file", secret.File, fileName, "must be the name of a file, which is below "+SecretsTarget)
		if other, twice := files[secret.File]; twice && secret.File != "" {
			c.fault(at+".file", secret.File, "is that of %s, too", config.Join("secrets", other))
		}
		files[secret.File] = name
		s.validateSecretEnv(c, at, name, secret)
		if secret.Refresh != 0 {
			c.atLeast(at+".refresh", secret.Refresh, time.Minute)
		}
		c.oneOf(at+".on_change", secret.OnChange, "restart", "update")
	}
	for _, host := range slices.Sorted(maps.Keys(s.Registry)) {
		s.validateLogin(c, host)
	}
}

func (s *Settings) validateSecretEnv(c checker, at, name string, secret Secret) {
	if !secret.Env {
		return
	}
	if !variable().MatchString(name) {
		c.fault(at+".env", true, "must not be set for a name that is none of a variable")
	}
	if _, twice := s.Container.Env[name]; twice {
		c.fault(at+".env", true, "sets a variable that container.env sets, too")
	}
	if secret.OnChange == "update" {
		c.fault(at+".on_change", secret.OnChange, `must be "restart" when env = true: the variables of a running app cannot be changed`)
	}
}

func (s *Settings) validateLogin(c checker, host string) {
	login, at := s.Registry[host], config.Join("registry", host)
	switch {
	case c.unread(at):
		return
	case !registry().MatchString(host):
		c.fault("registry", host, `must have hosts, such as "ghcr.io" or "registry.example.com:5000"`)
		return
	case strings.Contains(host, ".dkr.ecr.") || strings.Contains(host, ".dkr-ecr.") || strings.Contains(host, ".dkr.ecr-fips."):
		c.fault(at, nil, "is not needed: the agent logs in to ECR with the instance's role")
		return
	}
	if login.Username == "" {
		c.fault(at+".username", nil, "must be set")
	}
	if login.Password == "" {
		c.fault(at+".password", nil, `must be set: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"`)
	}
}
