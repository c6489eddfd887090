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

// apps are machines whose software is an HTTP app in this process.
type apps struct{ *app.Host }

func (a apps) Start(m ec2.Machine) (stop func(), err error) {
	return a.Host.Start(app.Machine{InstanceID: m.InstanceID, Addr: m.Addr, ImageTags: m.ImageTags, InstanceTags: m.InstanceTags})
}
