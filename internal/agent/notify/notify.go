// Package notify talks to systemd: that the agent is ready, what it is doing, that it needs more time, that it is alive. Where
// there is no systemd to talk to, nothing happens.
//
// The unit is Type=notify with NotifyAccess=main. The agent must not unset NOTIFY_SOCKET, which is read at each message.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notifier sends messages. It may be used from several goroutines at once.
type Notifier struct {
	log  *slog.Logger
	send func(state string) (sent bool, err error)

	mu     sync.Mutex
	status string // the last one
}

// New makes a notifier to the socket that systemd names in the environment. What cannot be sent is logged, and has no other
// consequences here: systemd will have its own.
func New(log *slog.Logger) *Notifier {
	return &Notifier{log: log, send: func(state string) (bool, error) { return daemon.SdNotify(false, state) }}
}

// Ready says that the agent is up, or that Reloading is over.
func (n *Notifier) Ready() { n.tell(daemon.SdNotifyReady) }

// Reloading says that the configuration is read again. Ready must follow.
func (n *Notifier) Reloading() { n.tell(daemon.SdNotifyReloading) }

// Stopping says that the agent is on its way out.
func (n *Notifier) Stopping() { n.tell(daemon.SdNotifyStopping) }

// Status says what the agent is doing, on one line, for `systemctl status`. The same again is not sent.
func (n *Notifier) Status(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if text == n.status {
		return
	}
	n.status = text
	n.tell("STATUS=" + strings.ReplaceAll(text, "\n", " "))
}

// Extend asks for d from now on to start or to stop, whichever is under way, in place of what is left by the unit's time-out.
func (n *Notifier) Extend(d time.Duration) {
	n.tell(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()))
}

// extension is for how long time is asked for at once. An agent that hangs is killed that much later.
const extension = 30 * time.Second

// KeepExtending asks for more time again and again until ctx ends: for a drain, which may take as long as it takes.
func (n *Notifier) KeepExtending(ctx context.Context) {
	tick := time.NewTicker(extension / 3)
	defer tick.Stop()
	for {
		n.Extend(extension)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (n *Notifier) tell(state string) {
	if _, err := n.send(state); err != nil {
		n.log.Warn("Could not notify systemd", "message", state, "error", err)
	}
}
