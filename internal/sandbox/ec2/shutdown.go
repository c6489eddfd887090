package ec2

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
)

// ending is why an instance stops or is terminated.
type ending struct{ code, text string }

// Why instances end.
var (
	userAsked      = ending{"Client.UserInitiatedShutdown", "User initiated shutdown"}
	guestAsked     = ending{"Client.InstanceInitiatedShutdown", "Instance initiated shutdown"}
	hardwareFailed = ending{"Server.InternalError", "Internal error"}
	keyRefused     = ending{"Client.InternalError", "Client error on launch"}
	spotReclaimed  = ending{"Server.SpotInstanceTermination", "Spot instance termination"}
)

// explain notes on an instance why it ends.
func (s *Service) explain(i *instance, why ending) {
	i.StateReason = &types.StateReason{Code: aws.String(why.code), Message: aws.String(why.code + ": " + why.text)}
	i.StateTransitionReason = aws.String(why.code)
	switch why {
	case userAsked:
		i.StateTransitionReason = aws.String("User initiated (" + s.Account.Now().Format("2006-01-02 15:04:05 GMT") + ")")
	case guestAsked:
		i.StateTransitionReason = aws.String("")
	}
}

// shutDown ends an instance for good. One that is ending already is left alone.
func (s *Service) shutDown(i *instance, why ending) {
	if state := i.state(); state == launch.ShuttingDown || state == launch.Terminated {
		return
	}
	s.post(i)
	s.stopSoftware(i)
	s.explain(i, why)
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

// halt stops an instance that is running or about to.
func (s *Service) halt(i *instance, why ending) {
	if i.state() != launch.Running && i.state() != launch.Pending {
		return
	}
	s.post(i)
	s.stopSoftware(i)
	s.explain(i, why)
	s.enter(i, launch.Stopping)
	s.then(i, shutdownTime, func() { s.enter(i, launch.Stopped) })
}

// PoweredOff says that an instance has shut itself down. It is stopped or terminated, whichever it was launched for; it is
// left alone when EC2 is shutting it down anyway.
func (s *Service) PoweredOff(id string) {
	i, ok := s.instances.get(id)
	if !ok || i.state() != launch.Running {
		return
	}
	if i.settings.InstanceInitiatedShutdownBehavior == types.ShutdownBehaviorTerminate {
		s.shutDown(i, guestAsked)
		return
	}
	s.halt(i, guestAsked)
}

// Interrupt does to an instance what its spot interruption says: terminate it, or stop it, where hibernation is a stop.
func (s *Service) Interrupt(id, action string) {
	i, ok := s.instances.get(id)
	if !ok || !i.alive() {
		return
	}
	if action == "terminate" {
		s.shutDown(i, spotReclaimed)
		return
	}
	s.halt(i, spotReclaimed)
}
