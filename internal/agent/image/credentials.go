package image

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"bluegreen/internal/docker"
)

// Token is a login for a registry.
type Token struct {
	Auth    docker.Auth // nobody when zero
	Expires time.Time   // zero for one that does not: it is asked for anew at each pull
}

// CredentialsOptions says where logins come from. Fetch is needed.
type CredentialsOptions struct {
	// Fetch gets a login for a registry, e.g. from ECR, or the zero Token where none is needed.
	Fetch func(ctx context.Context, registry string) (Token, error)
	// Jitter is the longest that the first Fetch of all is put off, so that a fleet that boots does not ask at once; a second
	// when zero, none when negative.
	Jitter time.Duration
	Rand   func() float64 // in [0, 1); the global source when nil
	Log    *slog.Logger
}

// Credentials are logins for registries, kept for half of their life. They are in memory only.
type Credentials struct {
	options CredentialsOptions

	turn  chan struct{} // held while asking: many pulls need one token
	first bool          // nothing has been asked for yet
	held  map[string]held
}

// held is a token and when to ask for another, by the monotonic clock.
type held struct {
	token   Token
	refresh time.Time
}

// NewCredentials makes an empty cache.
func NewCredentials(o CredentialsOptions) *Credentials {
	if o.Jitter == 0 {
		o.Jitter = time.Second
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Credentials{options: o, turn: make(chan struct{}, 1), first: true, held: map[string]held{}}
}

// Get is a login for a registry. When no new one is to be had, the last one is given however old it is: a registry may
// take it for longer than it said, and without one there is no hope at all. cached says that it was not asked for just now.
func (c *Credentials) Get(ctx context.Context, registry string) (auth docker.Auth, cached bool, err error) {
	if err := c.take(ctx); err != nil {
		return docker.Auth{}, false, err
	}
	defer c.release()
	h, have := c.held[registry]
	if have && time.Now().Before(h.refresh) {
		return h.token.Auth, true, nil
	}
	token, err := c.fetch(ctx, registry)
	switch {
	case err == nil:
		return token.Auth, false, nil
	case have && ctx.Err() == nil:
		c.options.Log.Warn("No new login for the registry: trying the last one", "registry", registry, "error", err,
			"expired", !h.token.Expires.IsZero() && time.Now().After(h.token.Expires))
		return h.token.Auth, true, nil
	}
	return docker.Auth{}, false, &loginError{registry, err}
}

// Renew gets another login than the one that a registry has refused. It is not fresh if there is no other.
func (c *Credentials) Renew(ctx context.Context, registry string, refused docker.Auth) (auth docker.Auth, fresh bool, err error) {
	if err := c.take(ctx); err != nil {
		return docker.Auth{}, false, err
	}
	defer c.release()
	if h, have := c.held[registry]; have && h.token.Auth != refused {
		return h.token.Auth, true, nil // somebody else was faster
	}
	token, err := c.fetch(ctx, registry)
	if err != nil {
		return docker.Auth{}, false, &loginError{registry, err}
	}
	return token.Auth, token.Auth != refused, nil
}

// fetch asks for a token and keeps it.
func (c *Credentials) fetch(ctx context.Context, registry string) (Token, error) {
	if c.first && c.options.Jitter > 0 {
		if err := pause(ctx, time.Duration(c.options.Rand()*float64(c.options.Jitter))); err != nil {
			return Token{}, err
		}
	}
	c.first = false
	token, err := c.options.Fetch(ctx, registry)
	if err != nil {
		return Token{}, err
	}
	h := held{token: token, refresh: time.Now()}
	if !token.Expires.IsZero() {
		h.refresh = h.refresh.Add(time.Until(token.Expires) / 2)
	}
	c.held[registry] = h
	return token, nil
}

func (c *Credentials) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Credentials) release() { <-c.turn }

// loginError says that there are no credentials to try with.
type loginError struct {
	registry string
	err      error
}

func (e *loginError) Error() string { return fmt.Sprintf("get a login for %s: %v", e.registry, e.err) }
func (e *loginError) Unwrap() error { return e.err }
