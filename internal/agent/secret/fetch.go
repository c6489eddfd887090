package secret

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Fetch gets all secrets. One that cannot be had now but is in a file from before is taken from there; the error is of
// those that are not.
func (k *Keeper) Fetch(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(k.options.Secrets))
	faults := make([]error, len(names))
	var all sync.WaitGroup
	few := make(chan struct{}, 8) // at a time: the services throttle
	for i, name := range names {
		all.Go(func() {
			few <- struct{}{}
			defer func() { <-few }()
			_, faults[i] = k.fetch(ctx, name)
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Join(faults...) == nil {
		return nil
	}
	old := k.onDisk()
	for i, name := range names {
		if v, have := old[name]; faults[i] != nil && have {
			k.options.Log.Error("A secret cannot be had: going on with the one from before", "secret", name, "error", faults[i])
			k.keepOld(name, v)
			faults[i] = nil
		}
	}
	return errors.Join(faults...)
}

// fetch gets one secret, and says whether it is another one than before.
func (k *Keeper) fetch(ctx context.Context, name string) (changed bool, err error) {
	v, err := k.options.Secrets[name].Fetch(ctx)
	if err != nil {
		return false, fmt.Errorf("secret %s: %w", name, err)
	}
	return k.keep(name, v), nil
}

// keepOld takes in a value from before this process, to be asked for soon.
func (k *Keeper) keepOld(name string, v Value) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.held[name]; !known {
		k.held[name] = held{value: v, old: true, at: time.Now()}
		k.redact.add(v.Text.Reveal())
	}
}

// anew is how soon a secret is asked for again that could not be had.
const anew = time.Minute

// Watch looks for new versions until ctx ends, each secret as often as it is to be. changed gets the names of those that have
// one, sorted; it is for the caller to write the files and to replace the container.
func (k *Keeper) Watch(ctx context.Context, changed func(names []string)) {
	due := map[string]time.Time{}
	for name, s := range k.options.Secrets {
		k.schedule(due, name, s.Refresh, nil)
	}
	for {
		at, some := earliest(due)
		if !some {
			<-ctx.Done()
			return
		}
		timer := time.NewTimer(time.Until(at))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if names := k.refresh(ctx, due); len(names) > 0 {
			k.options.Log.Info("Secrets have changed", "secrets", names)
			changed(names)
		}
	}
}

// refresh fetches those that are due.
func (k *Keeper) refresh(ctx context.Context, due map[string]time.Time) (changed []string) {
	now := time.Now()
	for _, name := range slices.Sorted(maps.Keys(due)) {
		if due[name].After(now) {
			continue
		}
		different, err := k.fetch(ctx, name)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			k.options.Log.Warn("A secret cannot be looked at", "secret", name, "error", err)
		}
		if different {
			changed = append(changed, name)
		}
		k.schedule(due, name, k.options.Secrets[name].Refresh, err)
	}
	return changed
}

// schedule says when to look again: not for all instances at once.
func (k *Keeper) schedule(due map[string]time.Time, name string, every time.Duration, err error) {
	k.mu.Lock()
	old := k.held[name].old
	k.mu.Unlock()
	if err != nil || old {
		every = anew
	}
	if every == 0 {
		delete(due, name)
		return
	}
	due[name] = time.Now().Add(time.Duration(float64(every) * (0.9 + 0.2*k.options.Rand())))
}

func earliest(due map[string]time.Time) (at time.Time, some bool) {
	for _, t := range due {
		if !some || t.Before(at) {
			at, some = t, true
		}
	}
	return at, some
}
