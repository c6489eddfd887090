// Package account is the ground that the sandbox's services stand on: one lock, one clock, one source of identifiers.
//
// One lock guards the state of the whole account. The front takes it around every API call and the clock takes it around
// every timer, so that the code of a service never locks and may call its neighbours directly. What runs outside of those
// two (proxies, name servers, health checks) takes the lock for short reads and never holds it across a dial or a write.
package account

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Options says what account to make. The zero value is a usable account.
type Options struct {
	ID     string  // twelve digits; "123456789012" when empty
	Region string  // "eu-west-1" when empty
	Seed   uint64  // of every identifier and random choice, so that a run can be repeated
	Speed  float64 // how many times faster than real AWS the account's own delays pass; 1 when zero
}

// Account is one AWS account in one region.
type Account struct {
	ID     string
	Region string

	ctx    context.Context
	cancel context.CancelFunc
	speed  float64

	mu     sync.Mutex
	rand   *rand.Rand
	timers map[*Timer]struct{}
}

// New makes an empty account. Close it to stop its timers.
func New(o Options) *Account {
	if o.ID == "" {
		o.ID = "123456789012"
	}
	if o.Region == "" {
		o.Region = "eu-west-1"
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Account{
		ID: o.ID, Region: o.Region,
		ctx: ctx, cancel: cancel, speed: o.Speed,
		rand:   rand.New(rand.NewPCG(o.Seed, 0x626c7565)),
		timers: map[*Timer]struct{}{},
	}
}

// Lock takes the account's lock.
func (a *Account) Lock() { a.mu.Lock() }

// Unlock gives the account's lock back.
func (a *Account) Unlock() { a.mu.Unlock() }

// Context ends when the account is closed.
func (a *Account) Context() context.Context { return a.ctx }

// Close stops all timers and ends Context. Listeners and goroutines are their owners' to stop.
func (a *Account) Close() {
	a.cancel()
	a.Lock()
	defer a.Unlock()
	for t := range a.timers {
		t.timer.Stop()
	}
	clear(a.timers)
}

// Now is the account's time: the wall clock, in UTC, at the resolution of the APIs (a millisecond).
func (a *Account) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Scaled turns a delay of real AWS into what it takes here.
func (a *Account) Scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / a.speed)
}

// Timer is a pending call of After.
type Timer struct {
	account *Account
	timer   *time.Timer
}

// After calls fn once, with the account locked, when d of the account's time has passed. It must be called with the
// account locked. After Close nothing is called any more.
func (a *Account) After(d time.Duration, fn func()) *Timer {
	t := &Timer{account: a}
	if a.ctx.Err() != nil {
		return t
	}
	a.timers[t] = struct{}{}
	t.timer = time.AfterFunc(a.Scaled(d), func() {
		a.Lock()
		defer a.Unlock()
		if _, pending := a.timers[t]; !pending {
			return
		}
		delete(a.timers, t)
		fn()
	})
	return t
}

// Stop keeps a timer from firing. It must be called with the account locked; a nil or spent timer is fine.
func (t *Timer) Stop() {
	if t == nil || t.timer == nil {
		return
	}
	t.timer.Stop()
	delete(t.account.timers, t)
}

// Hex is n random lower-case hexadecimal digits. It must be called with the account locked.
func (a *Account) Hex(n int) string {
	b := make([]byte, (n+1)/2)
	for i := range b {
		b[i] = byte(a.rand.Uint32())
	}
	return hex.EncodeToString(b)[:n]
}

// IntN is a random number in [0, n). It must be called with the account locked.
func (a *Account) IntN(n int) int { return a.rand.IntN(n) }

// Float64 is a random number in [0, 1). It must be called with the account locked.
func (a *Account) Float64() float64 { return a.rand.Float64() }

// ARN names a resource of this account and region, e.g. ARN("autoscaling", "autoScalingGroup:…").
func (a *Account) ARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, a.Region, a.ID, resource)
}
