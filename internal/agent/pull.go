package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/agent/notify"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/docker"
)

// Pulled is an image that is in the engine.
type Pulled struct{ Configured, Digest, ID string }

// Pull gets the configured image and does nothing with it: for baking, so that an instance need not wait for it. Tell gets how
// far it is.
func Pull(ctx context.Context, o Options, tell func(string)) (Pulled, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := settings.Load(o.Paths)
	if err != nil {
		return Pulled{}, &ConfigError{err}
	}
	if s.Image.IsZero() {
		return Pulled{}, &ConfigError{errors.New("image: it is not set, so that there is nothing to pull")}
	}
	a := &agent{Options: o, settings: s, systemd: notify.New(o.Log)}
	a.board = serve.NewBoard(serve.Status{}, func() serve.Health { return serve.Health{} })
	a.metrics = serve.NewMetrics(a.board.Status)
	if err := a.locate(ctx); err != nil {
		return Pulled{}, err
	}
	if a.engine, err = docker.Connect(o.Docker); err != nil {
		return Pulled{}, err
	}
	defer a.engine.Close() //nolint:errcheck // nothing is under way
	a.newImages(final)
	got, err := a.images.Ensure(ctx, s.Image.String(), func(p image.Progress) { tell(describePull(p)) })
	if err != nil {
		return Pulled{}, fmt.Errorf("pull %s: %w", s.Image, err)
	}
	return Pulled{Configured: got.Configured, Digest: got.Digest, ID: got.Facts.ID}, nil
}

func describePull(p image.Progress) string {
	text := p.Phase
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	if p.Pull.TotalBytes > 0 {
		text += fmt.Sprintf(" (%d of %d layers, %.1f of %.1f MB)", p.Pull.LayersDone, p.Pull.Layers, float64(p.Pull.Bytes)/1e6, float64(p.Pull.TotalBytes)/1e6)
	}
	return text
}
