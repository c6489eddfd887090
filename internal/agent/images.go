package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/registry"
	"bluegreen/internal/docker"
)

// maxJitter is the longest that the first call to ECR is put off. Other registries have no quota that a fleet would share.
const maxJitter = time.Second

// newImages makes what gets images. Terminal says of what kept a parameter from being read that it will not go away by itself.
func (a *agent) newImages(terminal func(error) bool) {
	p := a.settings.Pull
	a.images = image.New(image.Options{
		Engine: a.engine, Credentials: image.NewCredentials(image.CredentialsOptions{Fetch: a.login, Jitter: -1, Log: a.Log}),
		Parameter: a.parameter, Terminal: terminal,
		Policy: image.Policy(p.Policy), Begin: p.Begin, Inactivity: p.Inactivity, Total: p.Total, Patience: p.Patience,
		MinFree: uint64(p.MinFree.Bytes()), HighWater: a.settings.GC.High, LowWater: a.settings.GC.Low, Log: a.Log,
	})
}

// lasting is what asking again does not help. A denial it may: a role that is as new as its instance is not known everywhere in
// AWS yet, and one that lacks a permission is mended while instances wait.
func lasting(err error) bool { return !awserr.Transient(err) && !errors.Is(err, awserr.ErrDenied) }

// final is the same for those who would rather hear of it than wait.
func final(err error) bool { return !awserr.Transient(err) }

// login is how a registry knows us: by the instance's role at ECR, by a configured secret elsewhere, or not at all.
func (a *agent) login(ctx context.Context, host string) (image.Token, error) {
	if r, isECR := registry.ParseHost(host); isECR && a.account != nil {
		if !a.jittered.Swap(true) { // a fleet that boots at once does not ask at once
			if !sleep(ctx, time.Duration(rand.Float64()*float64(maxJitter))) {
				return image.Token{}, context.Cause(ctx)
			}
		}
		token, err := a.account.registry.Token(ctx, r)
		if err != nil {
			return image.Token{}, err
		}
		return image.Token{Auth: docker.Auth{Username: token.User, Password: token.Password.Reveal()}, Expires: token.Expires}, nil
	}
	login, configured := a.settings.Registry[host]
	if !configured {
		return image.Token{}, nil
	}
	password, err := a.secret(ctx, login.Password)
	if err != nil {
		return image.Token{}, fmt.Errorf("the password for %s: %w", host, err)
	}
	return image.Token{Auth: docker.Auth{Username: login.Username, Password: password.Text.Reveal()}}, nil
}

// parameter reads the reference that an image = "ssm:…" stands for.
func (a *agent) parameter(ctx context.Context, name string) (string, error) {
	if a.account == nil {
		return "", errNoRegion
	}
	p, err := a.account.params.Get(ctx, name)
	return p.Value, err
}

// ensure gets the image, and what the container needs beside it: whose files the secrets are, the image says.
func (a *agent) ensure(ctx context.Context, configured string, tell func(owner.Phase, string)) (owner.Image, error) {
	var bytes int64
	got, err := a.images.Ensure(ctx, configured, func(p image.Progress) {
		tell(owner.Phase(p.Phase), p.Reason)
		if p.Err != nil {
			a.metrics.Pull("failed")
			a.board.Failed("pull", p.Err)
		}
		a.metrics.PullBytes(max(0, p.Pull.Bytes-bytes))
		bytes = p.Pull.Bytes
		a.board.Update(func(s *serve.Status) {
			s.Pull = &serve.Pull{
				Layers: p.Pull.Layers, LayersDone: p.Pull.LayersDone, Bytes: p.Pull.Bytes, TotalBytes: p.Pull.TotalBytes, Status: p.Pull.Status,
			}
		})
	})
	a.board.Update(func(s *serve.Status) { s.Pull = nil })
	if err != nil {
		return owner.Image{}, err
	}
	result := "pulled"
	if got.Stale != "" {
		result = "cached"
	}
	a.metrics.Pull(result)
	facts := got.Facts
	if err := settings.Fits(a.settings, facts); err != nil {
		return owner.Image{}, err
	}
	if settings.RunsAsRoot(a.settings, facts) {
		a.Log.Warn("the app is root within its container: set container.user, or USER in the image")
	}
	if err := a.writeSecrets(facts); err != nil {
		return owner.Image{}, err
	}
	a.board.Update(func(s *serve.Status) {
		if s.Container == nil { // or else what is shown is what runs
			s.Image.Digest = got.Digest
			showImage(s, facts)
		}
	})
	return owner.Image{Pinned: got.Pinned, Digest: got.Digest, Stale: got.Stale}, nil
}

// showImage shows what an image says of itself.
func showImage(s *serve.Status, facts docker.Image) {
	s.Image.Created, s.Version = facts.Created, facts.Labels["org.opencontainers.image.version"]
}

// imageOf reads the image that a container runs, also of one that was there before this agent. The engine's answer is kept:
// an image never changes.
func (a *agent) imageOf(id string) docker.Image {
	if id == a.running.ID {
		return a.running
	}
	facts, err := a.engine.Image(context.Background(), id) // bounded by the engine's own limit
	if err != nil {
		a.Log.Debug("what runs is shown without its version", "image", id, "error", err)
		return docker.Image{}
	}
	a.running = facts
	return facts
}
