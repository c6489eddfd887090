package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/secret"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/docker"
)

// errNoRegion is what needs AWS on a machine that has none.
var errNoRegion = errors.New("this machine has no AWS region: set region")

func (a *agent) newSecrets() (err error) {
	o := secret.Options{Dir: filepath.Join(a.RunDir, "secrets", a.settings.App), Secrets: map[string]secret.Secret{}, Log: a.Log}
	for name, s := range a.settings.Secrets {
		o.Secrets[name] = secret.Secret{
			Fetch: func(ctx context.Context) (secret.Value, error) { return a.secret(ctx, s.From) },
			From:  string(s.From), File: s.File, Env: s.Env, Refresh: s.Refresh, Restart: s.OnChange == "restart",
		}
		if s.Env {
			a.Log.Warn("a secret is a variable of the container, which Docker writes to its own files on disk: use file", "secret", name)
		}
	}
	a.secrets, err = secret.New(o)
	return err
}

// secret reads one from where it is kept.
func (a *agent) secret(ctx context.Context, from settings.Source) (secret.Value, error) {
	if a.account == nil {
		return secret.Value{}, errNoRegion
	}
	if from.Service() == "ssm" {
		p, err := a.account.params.Secret(ctx, from.Name())
		return secret.Value{Text: p.Value, Version: fmt.Sprint(p.Version)}, err
	}
	reference := from.Name()
	if key := from.Key(); key != "" {
		reference += "#" + key
	}
	s, err := a.account.secrets.Get(ctx, reference)
	return secret.Value{Text: s.Value, Version: s.Version}, err
}

// supply tells the owner what there is to be, as soon as all that it takes is known, and whenever that changes.
func (a *agent) supply(ctx context.Context) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := a.secrets.Fetch(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.board.Failed("secrets", err)
		a.Log.Error("the secrets are not there", "error", err, "again", pause)
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
	if err := a.writeForLast(ctx); err != nil {
		a.board.Failed("secrets", err)
		a.Log.Error("write the secrets", "error", err)
	}
	if err := a.desire(); err != nil {
		return err
	}
	a.secrets.Watch(ctx, func([]string) {
		if err := errors.Join(a.secrets.Rewrite(), a.desire()); err != nil {
			a.Log.Error("a secret has changed", "error", err)
		}
	})
	<-ctx.Done()
	return context.Cause(ctx)
}

// desire says what there is to be.
func (a *agent) desire() error {
	files := settings.SecretFiles{Env: a.secrets.Env()}
	if a.secrets.HasFiles() {
		files.Dir = filepath.Join(a.RunDir, "secrets", a.settings.App)
	}
	spec, err := settings.Spec(a.settings, files)
	if err != nil {
		return err
	}
	hash := settings.Hash(spec, a.secrets.Versions())
	a.board.Update(func(s *serve.Status) { s.Config = hash })
	a.owner.Set(owner.Desired{
		Spec: spec, Image: a.settings.Image.String(), Config: hash,
		HealthyWithin: a.settings.Health.StartPeriod + cmp.Or(a.settings.Health.MaxAge, 3*a.settings.Health.Interval+a.settings.Health.Timeout),
		StopTimeout:   a.settings.Container.StopTimeout,
	})
	return nil
}

// writeForLast writes the files for a container of ours that is there already: after a boot it is started as it is, and its
// files went with the boot before.
func (a *agent) writeForLast(ctx context.Context) error {
	if !a.secrets.HasFiles() {
		return nil
	}
	all, err := a.engine.Containers(ctx, map[string]string{owner.LabelApp: a.settings.App, owner.LabelInstance: a.machine.id})
	if err != nil || len(all) == 0 {
		return nil //nolint:nilerr // the image tells later, before a container is made
	}
	facts, err := a.engine.Image(ctx, all[len(all)-1].ImageID)
	if err != nil {
		return nil //nolint:nilerr // likewise
	}
	return a.writeSecrets(facts)
}

// writeSecrets writes the files for an image, which says who the app is.
func (a *agent) writeSecrets(facts docker.Image) error {
	return a.secrets.Write(func(name string) secret.Access {
		uid, gid, mode := a.settings.Access(a.settings.Secrets[name], facts)
		return secret.Access{UID: uid, GID: gid, Mode: mode}
	})
}

// redact takes out of a line of the app's log what must not be seen.
func (a *agent) redact(line string) string { return a.secrets.Redact(line) }
