// Package image gets the app's image: it reads the configured reference, resolves a tag to a digest once, pulls that
// digest with the registry's credentials, and goes on until it is there or will never be. Where the registry is down, what
// the engine has already is used, loudly. It also makes room: images that nobody needs any more go when the disk fills up,
// by their ids and never by a prune.
package image

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"bluegreen/internal/docker"
)

// The labels of containers that say which images matter.
const (
	labelApp      = "bluegreen.app"
	labelImage    = "bluegreen.image"    // as configured
	labelDigest   = "bluegreen.digest"   // that runs
	labelPrevious = "bluegreen.previous" // that ran before it, and was good
)

// Policy says when the registry is asked.
type Policy string

// The policies.
const (
	Always  Policy = "always"  // what a tag stands for is asked for each time; a digest that is here is not
	Missing Policy = "missing" // only if no image of that name is here
	Never   Policy = "never"   // the image must be here
)

// Engine is what is needed of Docker.
type Engine interface {
	Info(ctx context.Context) (docker.Info, error)
	Digest(ctx context.Context, ref string, auth docker.Auth) (string, error)
	Pull(ctx context.Context, o docker.PullOptions) error
	Tag(ctx context.Context, image, ref string) error
	Image(ctx context.Context, ref string) (docker.Image, error)
	Images(ctx context.Context) ([]docker.Image, error)
	RemoveImage(ctx context.Context, id string) error
	Containers(ctx context.Context, labels map[string]string) ([]docker.Container, error)
}

// Options of Images. Engine is needed; Credentials where a registry needs a login.
type Options struct {
	Engine      Engine
	Credentials *Credentials // nobody to every registry when nil
	// Parameter reads the value of a parameter, for references such as "ssm:/shop/image".
	Parameter func(ctx context.Context, name string) (string, error)
	// Terminal says of an error of Parameter that it will not go away by itself, e.g. that there is no such parameter.
	Terminal func(error) bool

	Policy                   Policy        // Always when empty
	Begin, Inactivity, Total time.Duration // see docker.PullOptions
	// Patience is how long a registry that does not answer is asked before an image that is here is used; 20 seconds when
	// zero.
	Patience time.Duration
	MaxPause time.Duration // between two attempts; a minute when zero or more

	MinFree   uint64 // bytes that must be free on Docker's disks before a pull; 512 MiB when zero
	HighWater int    // percent of a disk in use from which on images are collected; 85 when zero
	LowWater  int    // percent of a disk in use at which that ends; 75 when zero
	// DiskUsage measures the file system of a path; statfs when nil.
	DiskUsage func(path string) (Space, error)

	Rand func() float64 // in [0, 1); the global source when nil
	Log  *slog.Logger   // nothing is logged when nil
}

func (o *Options) complete() {
	fill(&o.Policy, Always)
	fill(&o.Patience, 20*time.Second)
	fill(&o.MaxPause, time.Minute)
	o.MaxPause = min(o.MaxPause, time.Minute)
	fill(&o.MinFree, 512<<20)
	fill(&o.HighWater, 85)
	fill(&o.LowWater, 75)
	o.LowWater = min(o.LowWater, o.HighWater)
	if o.Credentials == nil {
		o.Credentials = NewCredentials(CredentialsOptions{Fetch: anonymous, Jitter: -1})
	}
	if o.Terminal == nil {
		o.Terminal = func(error) bool { return false }
	}
	if o.DiskUsage == nil {
		o.DiskUsage = diskUsage
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func anonymous(context.Context, string) (Token, error) { return Token{}, nil }

// fill sets what is not set.
func fill[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// Images are the images of an engine. It is safe for concurrent use.
type Images struct {
	options Options

	mu     sync.Mutex
	wanted map[string]Reference // by what was configured
	latest map[string]string    // digest of the image that Ensure gave last, by what was configured
}

// New makes Images. It makes no call.
func New(o Options) *Images {
	o.complete()
	return &Images{options: o, wanted: map[string]Reference{}, latest: map[string]string{}}
}

// Image is an image that is in the engine.
type Image struct {
	Configured string       // what was asked for
	Reference  string       // what that stood for: repository with tag, digest or both
	Digest     string       // "sha256:…", of the registry's manifest
	Pinned     string       // "repository@sha256:…": what to create a container from
	Facts      docker.Image // what the engine says of it
	Stale      string       // why it may not be what the reference stands for now; empty if it is
}

// Progress is how far Ensure is. Its fields are for people and for metrics; nothing in it is secret.
type Progress struct {
	Phase   string // "resolving" or "pulling"
	Reason  string // what is going on, or what went wrong and when the next attempt is
	Attempt int    // from 1
	Pull    docker.Progress
	Err     error // of the attempt that has just failed
}
