package machine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox/ssm"
)

// Run begins to run a script on an instance as its superuser, where the agent of Systems Manager would keep it, once the
// instance has booted. The account is locked. Done is not called when the instance shuts down before the script has ended, or
// after stop, which kills it.
func (h *Host) Run(instanceID, script string, done func(ssm.Ran)) (stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.instances[instanceID]
	if i == nil || i.current == nil || h.ctx.Err() != nil {
		return func() {}
	}
	i.scripts++
	r, dir := i.current, fmt.Sprintf("/var/lib/amazon/ssm/%s/document/orchestration/%d", instanceID, i.scripts)
	ctx, cancel := context.WithCancel(r.ctx)
	h.work.Go(func() {
		defer cancel()
		ran, err := r.script(ctx, dir, script)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.tell(fmt.Errorf("run a script: %w", err))
			ran = ssm.Ran{Errors: err.Error() + "\n", Code: 1}
		}
		done(ran)
	})
	return cancel
}

// begin has a script run in a session of its own, by whatever it names in its first line.
const begin = `cd "$0" && {
	setsid sh -c 'echo $$ >pid; exec sh -c ./_script.sh' >stdout 2>stderr </dev/null
	echo $? >code.new
	mv code.new code
} >/dev/null 2>&1 &`

// await waits for the end of the script, for some time.
const await = `cd "$0" && timeout 30 sh -c 'until [ -e code ]; do sleep 0.2; done' && cat code`

// script runs a script in a directory, which is made for it.
func (r *run) script(ctx context.Context, dir, script string) (ssm.Ran, error) {
	select {
	case <-r.up:
	case <-ctx.Done():
		return ssm.Ran{}, ctx.Err()
	}
	r.turn.Lock()
	id := r.container
	err := errors.New("the instance has not booted")
	if id != "" {
		err = r.write(ctx, []file{{path: dir + "/_script.sh", content: script, mode: 0o700}})
	}
	r.turn.Unlock()
	if err != nil {
		return ssm.Ran{}, err
	}
	e := r.host.Engine
	if _, err := e.Exec(ctx, id, "sh", "-c", begin, dir); err != nil {
		return ssm.Ran{}, err
	}
	for {
		waited, err := e.Exec(ctx, id, "sh", "-c", await, dir)
		switch {
		case ctx.Err() != nil:
			if r.ctx.Err() == nil { // it is only the script that is to end
				_, _ = e.Exec(r.ctx, id, "sh", "-c", `kill -s KILL -- "-$(cat "$0/pid")"`, dir)
			}
			return ssm.Ran{}, ctx.Err()
		case errors.Is(err, docker.ErrNotRunning): // it is being rebooted, or shuts itself down
			pause(ctx, lookAfter)
		case err != nil:
			return ssm.Ran{}, err
		case waited.ExitCode == 0:
			return collect(ctx, e, id, dir, waited.Output)
		}
	}
}

// collect reads what a script that has ended has printed.
func collect(ctx context.Context, e *docker.Engine, id, dir, code string) (ran ssm.Ran, err error) {
	if ran.Code, err = strconv.Atoi(strings.TrimSpace(code)); err != nil {
		return ran, fmt.Errorf("read how it ended: %w", err)
	}
	for name, text := range map[string]*string{"stdout": &ran.Output, "stderr": &ran.Errors} {
		printed, err := e.Exec(ctx, id, "cat", dir+"/"+name)
		if err != nil {
			return ran, err
		}
		*text = printed.Output
	}
	return ran, nil
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
