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
	stop        func()         // ends its software; nil while none runs
	timer       *account.Timer // its next state
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
	s.shutDown(i)
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
	s.enter(i, launch.Pending)
	s.then(i, pendingTime, func() {
		s.startSoftware(i)
		s.enter(i, launch.Running)
	})
}

func (s *Service) startSoftware(i *instance) {
	if s.Start == nil {
		return
	}
	userData, _ := base64.StdEncoding.DecodeString(aws.ToString(i.settings.UserData)) // was checked when it was given
	machine := Machine{
		InstanceID: *i.InstanceId, ImageID: *i.ImageId, Addr: i.addr, UserData: string(userData),
		ImageTags: maps.Clone(s.tags[*i.ImageId]), InstanceTags: maps.Clone(s.tags[*i.InstanceId]),
	}
	stop, err := s.Start(machine)
	if err != nil { // as on AWS: an instance whose software fails runs all the same
		return
	}
	i.stop = stop
}

func (s *Service) stopSoftware(i *instance) {
	if i.stop != nil {
		i.stop()
		i.stop = nil
	}
}

func (s *Service) reboot(i *instance) {
	s.stopSoftware(i)
	s.startSoftware(i)
}

// shutDown ends an instance for good. One that is ending already is left alone.
func (s *Service) shutDown(i *instance) {
	if state := i.state(); state == launch.ShuttingDown || state == launch.Terminated {
		return
	}
	s.stopSoftware(i)
	i.StateTransitionReason = aws.String("User initiated (" + s.Account.Now().Format("2006-01-02 15:04:05 GMT") + ")")
	i.StateReason = &types.StateReason{
		Code: aws.String("Client.UserInitiatedShutdown"), Message: aws.String("Client.UserInitiatedShutdown: User initiated shutdown"),
	}
	s.enter(i, launch.ShuttingDown)
	s.then(i, shutdownTime, func() {
		i.PrivateIpAddress, i.PrivateDnsName, i.SecurityGroups = nil, nil, nil
		s.enter(i, launch.Terminated)
		s.then(i, terminatedTime, func() {
			s.instances.remove(*i.InstanceId)
			delete(s.tags, *i.InstanceId)
		})
	})
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
