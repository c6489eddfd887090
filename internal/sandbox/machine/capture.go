package machine

import (
	"context"
	"errors"
	"fmt"

	"bluegreen/internal/docker"
	"bluegreen/internal/sandbox/ec2"
)

// imageRepository has the disks of AMIs that were made here. They go with the host.
const imageRepository = "bluegreen-sandbox/ami"

// dockerVolumes are where an instance's own engine keeps its images. They are volumes, which are no part of what the outer
// engine makes an image of.
var dockerVolumes = []string{"/var/lib/docker", "/var/lib/containerd"}

// carried is where an image holds what was in them.
const carried = "/var/lib/sandbox/volumes.tar"

// pack puts the volumes' content into the archive. The names of the overlays' own attributes begin with "trusted".
const pack = "set -e; mkdir -p /var/lib/sandbox; cd /var/lib; tar --create --file=" + carried +
	" --xattrs --xattrs-include='*' --one-file-system --warning=no-file-ignored docker containerd"

// restoreUnit unpacks it when an instance boots first from the image.
const restoreUnit = `[Unit]
Description=what the image holds for Docker
DefaultDependencies=no
After=local-fs.target
Before=docker.service containerd.service
ConditionPathExists=` + carried + `

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutSec=infinity
ExecStart=/usr/bin/tar --extract --file=` + carried + ` --xattrs --xattrs-include=* --directory=/var/lib
ExecStart=/usr/bin/rm ` + carried + `

[Install]
WantedBy=multi-user.target
`

// disk is what an AMI has in the engine.
type disk struct {
	image  string // id
	system string // id of the image below it, without what Docker had
}

// diskOf is the image that a machine boots from.
func (h *Host) diskOf(m ec2.Machine) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if made, ok := h.disks[m.DiskID]; ok {
		return made.image
	}
	if named := m.ImageTags[DiskTag]; named != "" {
		return named
	}
	return h.Disk
}

// Capture keeps the disk of an instance as that of an AMI, with the images that its Docker has, and calls done when it has,
// or has failed. What an instance that runs has in memory is not on it; it stands still meanwhile. The account must be
// locked; done is called without.
func (h *Host) Capture(instanceID, imageID string, done func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return
	}
	i := h.instances[instanceID]
	switch {
	case i == nil:
		h.work.Go(func() { done(fmt.Errorf("instance %s has no disk", instanceID)) })
	case i.current.ctx.Err() != nil: // it is shutting down, or has
		i.then(func() { done(i.capture(imageID)) })
	case !i.current.begun: // the run before it may not have ended
		i.current.first = append(i.current.first, func() { done(i.capture(imageID)) })
	default:
		up := i.current.up
		h.work.Go(func() {
			<-up
			done(i.capture(imageID))
		})
	}
}

// capture makes an image of the container, and of that another one with its volumes.
func (i *instance) capture(imageID string) (err error) {
	h := i.host
	i.turn.Lock()
	defer i.turn.Unlock()
	if i.container == "" {
		return fmt.Errorf("instance %s has no disk", i.id)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("keep the disk of instance %s: %w", i.id, err)
			i.tell(err)
		}
	}()
	thaw, err := i.freeze()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, thaw()) }()
	labels := h.labels()
	labels[instanceLabel] = "" // it is an image's now
	system, err := h.Engine.Commit(h.ctx, i.container, "", labels)
	if err != nil {
		return err
	}
	ref := imageRepository + ":" + h.name + "-" + imageID
	err = alter(h.ctx, h.Engine, alteration{
		from: system, volumesFrom: i.container, script: pack, ref: ref, labels: labels,
	})
	if err != nil {
		return err
	}
	made, err := h.Engine.Image(h.ctx, ref)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.disks[imageID] = disk{made.ID, system}
	h.mu.Unlock()
	return nil
}

// freeze has an instance stand still, if it runs.
func (i *instance) freeze() (thaw func() error, err error) {
	h := i.host
	err = h.Engine.Pause(h.ctx, i.container)
	if errors.Is(err, docker.ErrNotRunning) {
		return func() error { return nil }, nil
	}
	return func() error { return h.Engine.Unpause(context.WithoutCancel(h.ctx), i.container) }, err
}

// Discard gives up the disk of an AMI, when no instance uses it any more. The account must be locked.
func (h *Host) Discard(imageID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	made, ok := h.disks[imageID]
	delete(h.disks, imageID)
	if !ok || h.ctx.Err() != nil {
		return
	}
	h.work.Go(func() {
		for _, id := range []string{made.image, made.system} {
			err := h.Engine.RemoveImage(h.ctx, id)
			if err != nil && !errors.Is(err, docker.ErrInUse) && !errors.Is(err, docker.ErrNotFound) && h.ctx.Err() == nil {
				h.Log(fmt.Errorf("remove the disk of image %s: %w", imageID, err)) // what is in use goes with the host
			}
		}
	})
}
