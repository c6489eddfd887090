package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"bluegreen/internal/docker"
)

// lockPoll is how often it is looked whether another process is done.
const lockPoll = 100 * time.Millisecond

// lock has one process at a time prepare the disks of an engine: of two that make the same one, the second takes its name
// away from the first's. It goes with the process.
func lock(ctx context.Context, e *docker.Engine) (unlock func(), err error) {
	name := fmt.Sprintf("bluegreen-disks-%d-%s.lock", os.Getuid(), short(e.Host()))
	file, err := os.OpenFile(filepath.Join(os.TempDir(), name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			_ = file.Close()
			return nil, fmt.Errorf("wait for another process that prepares disks: %w", context.Cause(ctx))
		}
	}
}
