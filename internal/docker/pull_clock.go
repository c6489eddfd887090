package docker

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// clocks end a pull that takes too long. Three, because each limit alone is wrong: a large image is slow, and a registry
// that hangs is not.
type clocks struct {
	cancel     context.CancelCauseFunc
	inactivity time.Duration
	total      *time.Timer
	stall      *time.Timer // of the beginning, then of each pause
}

// late is why a clock ended a pull.
type late struct {
	kind PullKind
	text string
}

func (l late) Error() string        { return l.text }
func (l late) Is(target error) bool { return target == context.DeadlineExceeded }

func startClocks(o PullOptions, cancel context.CancelCauseFunc) *clocks {
	c := &clocks{cancel: cancel, inactivity: cmp.Or(o.Inactivity, 2*time.Minute)}
	c.total = c.after(cmp.Or(o.Total, 2*time.Hour), Timeout, "not done after %v")
	c.stall = c.after(cmp.Or(o.Begin, 5*time.Minute), Stalled, "no progress within %v")
	return c
}

func (c *clocks) after(limit time.Duration, kind PullKind, format string) *time.Timer {
	return time.AfterFunc(limit, func() { c.cancel(late{kind, fmt.Sprintf(format, limit)}) })
}

func (c *clocks) moved() {
	c.stall.Stop()
	c.stall = c.after(c.inactivity, Stalled, "no byte and no news for %v")
}

func (c *clocks) stop() {
	c.total.Stop()
	c.stall.Stop()
}
