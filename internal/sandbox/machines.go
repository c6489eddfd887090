package sandbox

import (
	"bluegreen/internal/sandbox/app"
	"bluegreen/internal/sandbox/ec2"
)

// Machines runs the software of instances.
type Machines interface {
	// Start boots a machine's software. The account is locked, also when the software is stopped by the function that comes
	// back: neither may wait.
	Start(ec2.Machine) (stop func(), err error)
	// Close ends all software at once and waits until it is gone. The account is not locked.
	Close()
}

// Consoles is what Machines are, too, whose instances print on a console.
type Consoles interface {
	// Console is what an instance has printed since its software was started; "" where it has not. The account is locked: it
	// may not wait.
	Console(instanceID string) string
}

// Disks is what Machines are, too, that keep an instance's disk as that of an image made of it. A machine that boots from it
// names the image in its DiskID.
type Disks interface {
	// Capture begins to keep the disk of an instance, which runs or is shutting down or has shut down, as that of an image,
	// which is pending until done is called. The account is locked: Capture may not wait, and done is called from a goroutine
	// that has not locked the account.
	Capture(instanceID, imageID string, done func(error))
	// Discard gives that disk up: the image is deregistered, and so are its copies. The account is locked: it may not wait.
	Discard(imageID string)
}

// capture has an image's disk kept; false where there is none to keep.
func (s *Sandbox) capture(instanceID, imageID string, done func(error)) (begun bool) {
	disks, ok := s.machines.(Disks)
	if ok {
		disks.Capture(instanceID, imageID, func(err error) {
			s.Account.Lock()
			defer s.Account.Unlock()
			done(err)
		})
	}
	return ok
}

func (s *Sandbox) discard(imageID string) {
	if disks, ok := s.machines.(Disks); ok {
		disks.Discard(imageID)
	}
}

func (s *Sandbox) console(instanceID string) string {
	if consoles, ok := s.machines.(Consoles); ok {
		return consoles.Console(instanceID)
	}
	return ""
}

// apps are machines whose software is an HTTP app in this process.
type apps struct{ *app.Host }

func (a apps) Start(m ec2.Machine) (stop func(), err error) {
	return a.Host.Start(app.Machine{InstanceID: m.InstanceID, Addr: m.Addr, ImageTags: m.ImageTags, InstanceTags: m.InstanceTags})
}
