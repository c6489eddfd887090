package proxy

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// guard calls a function when nothing has moved for a while.
type guard struct {
	timer *time.Timer
	limit time.Duration
}

func watch(limit time.Duration, expired func()) *guard {
	return &guard{timer: time.AfterFunc(limit, expired), limit: limit}
}

func (g *guard) progress() { g.timer.Reset(g.limit) }
func (g *guard) stop()     { g.timer.Stop() }

// guarded is a body whose every byte is progress.
type guarded struct {
	io.ReadCloser
	guard  *guard
	failed atomic.Bool // reading it failed
}

func (b *guarded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.guard.progress()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed.Store(true)
	}
	return n, err
}
