package notify

import (
	"fmt"
	"sync"
	"time"
)

// Heart beats in the loop whose life is to be proved.
type Heart struct {
	bound time.Duration

	mu   sync.Mutex
	last time.Time
	next time.Time // by then the next beat is due
}

// NewHeart makes a heart that beats now and is to beat again within bound, each time.
func NewHeart(bound time.Duration) *Heart {
	now := time.Now()
	return &Heart{bound: bound, last: now, next: now.Add(bound)}
}

// Beat says that the loop is alive.
func (h *Heart) Beat() { h.BeatFor(h.bound) }

// BeatFor says that the loop is alive and has work at hand that may take as long as d, if that is more than the bound: the next
// beat is due then.
func (h *Heart) BeatFor(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = time.Now()
	h.next = h.last.Add(max(d, h.bound))
}

// Err is nil while beats come in time.
func (h *Heart) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if !now.After(h.next) {
		return nil
	}
	return fmt.Errorf("the agent's loop was last seen %v ago, due after %v", now.Sub(h.last).Round(time.Second), h.next.Sub(h.last))
}
