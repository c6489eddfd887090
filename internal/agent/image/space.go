package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"bluegreen/internal/docker"
)

// Space is what a file system has.
type Space struct {
	Path string
	Free uint64 // bytes that Docker can use
	Used uint64 // bytes in use
}

// Percent is how full it is, as df has it.
func (s Space) Percent() int {
	if s.Free+s.Used == 0 {
		return 0
	}
	return int((s.Used*100 + s.Free + s.Used - 1) / (s.Free + s.Used))
}

func diskUsage(path string) (Space, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	block := uint64(st.Bsize)
	return Space{Path: path, Free: st.Bavail * block, Used: (st.Blocks - st.Bfree) * block}, nil
}

// disks measures the disks that images and containers are on: Docker's, and containerd's where that one has the images.
func (i *Images) disks(ctx context.Context) ([]Space, error) {
	info, err := i.options.Engine.Info(ctx)
	if err != nil {
		return nil, err
	}
	paths := []string{info.Root}
	if info.ImageRoot != "" && info.ImageRoot != info.Root {
		paths = append(paths, info.ImageRoot)
	}
	var all []Space
	for _, path := range paths {
		s, err := i.options.DiskUsage(path)
		if errors.Is(err, fs.ErrNotExist) { // an engine elsewhere, or in a namespace of its own
			i.options.Log.Debug("Disk not found here", "path", path)
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// makeRoom sees to it that there is room for a pull, and fails when there is none: one that fills the disk would take down
// the app that runs.
func (r *run) makeRoom(ctx context.Context) error {
	tight := func(s Space) bool { return s.Free < r.options.MinFree }
	disks, err := r.disks(ctx)
	if err != nil || !anySpace(disks, tight) {
		return err
	}
	r.say(Progress{Phase: "pulling", Reason: "make room on the disk"})
	if _, err := r.collect(ctx, tight); err != nil {
		return err
	}
	if disks, err = r.disks(ctx); err != nil {
		return err
	}
	for _, s := range disks {
		if tight(s) {
			const mega = 1 << 20
			return &docker.PullError{Reference: r.ref.String(), Kind: docker.NoSpace, Err: fmt.Errorf(
				"%s has %d MiB free, and %d MiB are needed: make room there, or give it a larger disk",
				s.Path, s.Free/mega, r.options.MinFree/mega)}
		}
	}
	return nil
}

func anySpace(all []Space, is func(Space) bool) bool {
	for _, s := range all {
		if is(s) {
			return true
		}
	}
	return false
}
