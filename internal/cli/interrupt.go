package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"bluegreen/internal/exit"
)

// Interrupt is a context that the first Ctrl-C (or SIGTERM, or SIGHUP: the terminal is gone) ends, so that what is under way stops
// where it can go on. The second one ends the process at once. Until it is released, the process also outlives those who read what
// it prints: `switcher cutover | tee log` loses tee to the same Ctrl-C.
func Interrupt(ctx context.Context, s Streams) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals, over := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	brokenPipes := make(chan os.Signal, 1) // nobody reads it: that they are notified makes them errors of the writes
	signal.Notify(brokenPipes, syscall.SIGPIPE)
	go func() {
		select {
		case <-signals:
			cancel(exit.ErrInterrupted) // before anything is said: that may take as long as a terminal wants
			s.say("stopping where it is safe; once more to stop at once\n")
		case <-over:
			return
		}
		select {
		case <-signals:
			leave(int(exit.Interrupted))
		case <-over:
		}
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(signals)
		signal.Stop(brokenPipes)
		cancel(nil)
		close(over)
	})
}
