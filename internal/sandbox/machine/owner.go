package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

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
	return clearAway(ctx, e, map[string]string{ownerLabel: ""}, func(labels map[string]string) bool { return gone(labels[ownerLabel]) })
}

// clearAway removes all that has these labels and is meant: containers with their volumes, side by side, then networks and
// images. It is no error that somebody else removes some of it.
func clearAway(ctx context.Context, e *docker.Engine, labels map[string]string, meant func(labels map[string]string) bool) error {
	containers, err := e.Containers(ctx, labels)
	failures := make([]error, len(containers))
	var work sync.WaitGroup
	for n, c := range containers {
		if meant(c.Labels) {
			work.Go(func() { failures[n] = remove(ctx, e, c.ID) })
		}
	}
	work.Wait()
	err = errors.Join(err, errors.Join(failures...), clearNetworks(ctx, e, labels, meant))
	for again := true; again; { // an image may become visible when one that was made of it is gone
		var failed error
		again, failed = clearImages(ctx, e, labels, meant)
		err = errors.Join(err, failed)
	}
	return err
}

// clearImages says whether it has removed any.
func clearImages(ctx context.Context, e *docker.Engine, labels map[string]string, meant func(labels map[string]string) bool) (any bool, err error) {
	images, err := e.Images(ctx)
	for _, image := range images {
		if !carries(image.Labels, labels) || !meant(image.Labels) {
			continue
		}
		failed := e.RemoveImage(ctx, image.ID)
		any = any || failed == nil
		if !errors.Is(failed, docker.ErrNotFound) && !errors.Is(failed, docker.ErrInUse) { // by one that is made of it, say
			err = errors.Join(err, failed)
		}
	}
	return any, err
}

func clearNetworks(ctx context.Context, e *docker.Engine, labels map[string]string, meant func(labels map[string]string) bool) error {
	networks, err := e.Networks(ctx, labels)
	for _, id := range networks {
		n, failed := e.Network(ctx, id)
		if failed == nil && meant(n.Labels) {
			failed = e.RemoveNetwork(ctx, id)
		}
		if !errors.Is(failed, docker.ErrNotFound) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// carries says whether something has all of some labels. An empty value stands for any but none.
func carries(have, labels map[string]string) bool {
	for name, value := range labels {
		if have[name] == "" || value != "" && have[name] != value {
			return false
		}
	}
	return true
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
