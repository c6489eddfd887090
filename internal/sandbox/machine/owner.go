package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"bluegreen/internal/docker"
)

// The labels of all that a host makes in the engine.
const (
	ownerLabel    = "bluegreen.sandbox"          // the process that it goes with
	hostLabel     = "bluegreen.sandbox.host"     // the host within it
	instanceLabel = "bluegreen.sandbox.instance" // of a container
)

// self names this process so that no other is ever taken for it: by the namespace that its number counts in, the number,
// and when it started.
func self() (string, error) {
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "", err
	}
	pid := os.Getpid()
	return owner(namespace, pid)
}

func owner(namespace string, pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // the name before it may have spaces
	const started = 19
	if len(fields) <= started {
		return "", fmt.Errorf("read when process %d started: %q", pid, text)
	}
	return fmt.Sprintf("%s %d %s", namespace, pid, fields[started]), nil
}

// gone says whether the process of a label has ended. Of another namespace's nothing is known.
func gone(label string) bool {
	parts := strings.Fields(label)
	if len(parts) != 3 {
		return false
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	pid, bad := strconv.Atoi(parts[1])
	if err != nil || bad != nil || namespace != parts[0] {
		return false
	}
	now, err := owner(namespace, pid)
	return errors.Is(err, os.ErrNotExist) || err == nil && now != label
}

// sweep removes what sandboxes have left that were killed.
func sweep(ctx context.Context, e *docker.Engine) error {
	containers, err := e.Containers(ctx, map[string]string{ownerLabel: ""})
	if err != nil {
		return err
	}
	for _, c := range containers {
		if gone(c.Labels[ownerLabel]) {
			err = errors.Join(err, remove(ctx, e, c.ID))
		}
	}
	networks, failed := e.Networks(ctx, map[string]string{ownerLabel: ""})
	err = errors.Join(err, failed)
	for _, id := range networks {
		n, failed := e.Network(ctx, id)
		if failed == nil && gone(n.Labels[ownerLabel]) {
			failed = e.RemoveNetwork(ctx, id)
		}
		if !errors.Is(failed, docker.ErrNotFound) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// remove kills a container and removes it with its volumes. One that is gone is fine.
func remove(ctx context.Context, e *docker.Engine, id string) (err error) {
	const attempts = 5 // a start that nobody waits for any more may come in between
	for range attempts {
		if err = e.Stop(ctx, id, 0); err == nil {
			err = e.Remove(ctx, id)
		}
		if !errors.Is(err, docker.ErrInUse) {
			break
		}
	}
	if errors.Is(err, docker.ErrNotFound) {
		return nil
	}
	return err
}
