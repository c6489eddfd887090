package drain

import (
	"errors"
	"log/slog"
	"maps"
	"sync"

	"bluegreen/internal/aws/awserr"
)

// told says what goes wrong when it begins, when it changes and when it is over, and not at every poll in between.
type told struct {
	log *slog.Logger

	mu      sync.Mutex
	trouble map[string]string // what was being done, and why it failed last
	said    map[string]bool
}

func newTold(log *slog.Logger) *told {
	return &told{log: log, trouble: map[string]string{}, said: map[string]bool{}}
}

// result notes how something went that is done again and again.
func (t *told) result(doing string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, troubled := t.trouble[doing]
	switch {
	case err == nil && troubled:
		delete(t.trouble, doing)
		t.log.Info("works again", "doing", doing)
	case err != nil && last != err.Error():
		t.trouble[doing] = err.Error()
		t.log.Warn("does not work, will be tried again", "doing", doing, "error", err)
	}
}

// call notes how a call to Auto Scaling went. That the instance's role may not make it is said once.
func (t *told) call(action, doing string, err error) {
	if errors.Is(err, awserr.ErrDenied) {
		t.once(action, "the instance's role lacks a permission: going on without", "action", action, "for", doing, "error", err)
		return
	}
	t.result(doing, err)
}

// once says something that stays so.
func (t *told) once(key, message string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.said[key] {
		t.said[key] = true
		t.log.Warn(message, args...)
	}
}

// troubles are what does not work now, by what was being done.
func (t *told) troubles() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.trouble)
}
