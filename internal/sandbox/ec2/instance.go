package ec2

import (
	"encoding/base64"
	"maps"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// How long an instance stays in the states that it passes through.
const (
	pendingTime    = 5 * time.Second
	shutdownTime   = 10 * time.Second
	terminatedTime = time.Hour // in which it is still listed
)

// instance is a machine. Its tags live in Service.tags.
type instance struct {
	types.Instance
	reservation string
	addr        netip.Addr
	settings    *types.ResponseLaunchTemplateData
	devices     []types.BlockDeviceMapping
	software    map[string]string // tags of its image that say what runs on it; see image.software
	disk        string            // see image.disk
	stop        func()            // ends its software; nil while none runs
	console     console
	timer       *account.Timer // its next state
	next        *play          // what its script does
	posts       *account.Timer // the next copy of its console
}

func (i *instance) state() string { return string(i.State.Name) }

var stateCodes = map[string]int32{
	launch.Pending: 0, launch.Running: 16, launch.ShuttingDown: 32,
	launch.Terminated: 48, launch.Stopping: 64, launch.Stopped: 80,
}

func instanceState(name string) *types.InstanceState {
	return &types.InstanceState{Code: aws.Int32(stateCodes[name]), Name: types.InstanceStateName(name)}
}

// findInstance looks an instance up that a request names.
func (s *Service) findInstance(id string) (*instance, error) {
	if err := checkID("InvalidInstanceID.Malformed", "i-", id); err != nil {
		return nil, err
	}
	found, ok := s.instances.get(id)
	if !ok {
		return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	return found, nil
}

// Instance tells an instance's private address and whether it is running.
func (s *Service) Instance(id string) (addr netip.Addr, running, ok bool) {
	i, ok := s.instances.get(id)
	if !ok {
		return netip.Addr{}, false, false
	}
	return i.addr, i.state() == launch.Running, true
}

// Terminate shuts an instance down, however it is protected.
func (s *Service) Terminate(id string) error {
	i, err := s.findInstance(id)
	if err != nil {
		return err
	}
	s.shutDown(i, userAsked)
	return nil
}

// enter puts an instance into a state and tells those who watch.
func (s *Service) enter(i *instance, state string) {
	i.State = instanceState(state)
	for _, watch := range s.watchers {
		watch(*i.InstanceId, state)
	}
}

// then puts an instance into another state after a while, unless something else comes first.
func (s *Service) then(i *instance, d time.Duration, next func()) {
	i.timer.Stop()
	i.timer = s.Account.After(d, next)
}

// boot makes an instance pending, then running.
func (s *Service) boot(i *instance) {
	i.console = console{}
	i.StateReason, i.StateTransitionReason = nil, nil
	s.enter(i, launch.Pending)
	s.then(i, pendingTime, func() {
		if !s.canDecrypt(i.devices) {
			s.shutDown(i, keyRefused)
			return
		}
		s.startSoftware(i)
		s.enter(i, launch.Running)
		s.postLater(i)
	})
}

func (s *Service) startSoftware(i *instance) {
	if img, ok := s.images.get(*i.ImageId); ok { // its tags may have changed
		i.software, i.disk = s.softwareOf(img), img.disk
	}
	machine := s.machine(i)
	s.startGuest(i, machine)
	if s.Start == nil {
		return
	}
	stop, err := s.Start(machine)
	if err != nil { // as on AWS: an instance whose software fails runs all the same
		return
	}
	i.stop = stop
}

// machine is an instance as its software sees it now.
func (s *Service) machine(i *instance) Machine {
	userData, _ := base64.StdEncoding.DecodeString(aws.ToString(i.settings.UserData)) // was checked when it was given
	return Machine{
		InstanceID: *i.InstanceId, ImageID: *i.ImageId, DiskID: i.disk, Addr: i.addr, UserData: string(userData),
		ImageTags: maps.Clone(i.software), InstanceTags: maps.Clone(s.tags[*i.InstanceId]),
	}
}

func (s *Service) stopSoftware(i *instance) {
	i.next.stop()
	if i.stop != nil {
		i.stop()
		i.stop = nil
	}
}

func (s *Service) reboot(i *instance) {
	s.stopSoftware(i)
	s.startSoftware(i)
}

// State is the state of an instance, as in package launch.
func (s *Service) State(id string) (state string, ok bool) {
	i, ok := s.instances.get(id)
	if !ok {
		return "", false
	}
	return i.state(), true
}

// Place tells where an instance runs and from what it was made.
func (s *Service) Place(id string) (subnetID, imageID, instanceType string, ok bool) {
	i, ok := s.instances.get(id)
	if !ok {
		return "", "", "", false
	}
	return *i.SubnetId, *i.ImageId, string(i.InstanceType), true
}
