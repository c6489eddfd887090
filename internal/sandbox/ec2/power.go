package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// change does something to instances, all or none, and tells what their states were and are.
func (s *Service) change(ids []string, dry *bool, check func(*instance) error, do func(*instance)) ([]types.InstanceStateChange, error) {
	if len(ids) == 0 {
		return nil, missingParameter("InstanceId")
	}
	picked, err := s.instances.pick(ids, func(id string) error {
		_, err := s.findInstance(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, i := range picked {
		if err := check(i); err != nil {
			return nil, err
		}
	}
	if err := dryRun(dry); err != nil {
		return nil, err
	}
	var changes []types.InstanceStateChange
	for _, i := range picked {
		before := i.State
		do(i)
		changes = append(changes, types.InstanceStateChange{InstanceId: i.InstanceId, PreviousState: before, CurrentState: i.State})
	}
	return changes, nil
}

func (s *Service) terminateInstances(_ context.Context, in *sdk.TerminateInstancesInput) (*sdk.TerminateInstancesOutput, error) {
	unprotected := func(i *instance) error {
		if aws.ToBool(i.settings.DisableApiTermination) {
			return wire.Errorf("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' "+
				"instance attribute and try again.", *i.InstanceId)
		}
		return nil
	}
	changes, err := s.change(in.InstanceIds, in.DryRun, unprotected, func(i *instance) { s.shutDown(i, userAsked) })
	return &sdk.TerminateInstancesOutput{TerminatingInstances: changes}, err
}

func (s *Service) stopInstances(_ context.Context, in *sdk.StopInstancesInput) (*sdk.StopInstancesOutput, error) {
	changes, err := s.change(in.InstanceIds, in.DryRun, stoppable, func(i *instance) { s.halt(i, userAsked) })
	return &sdk.StopInstancesOutput{StoppingInstances: changes}, err
}

func (s *Service) startInstances(_ context.Context, in *sdk.StartInstancesInput) (*sdk.StartInstancesOutput, error) {
	startable := func(i *instance) error {
		if i.state() == launch.Stopping {
			return incorrectState(i, "started")
		}
		return stoppable(i)
	}
	changes, err := s.change(in.InstanceIds, in.DryRun, startable, func(i *instance) {
		if i.state() == launch.Stopped {
			i.LaunchTime = s.now()
			s.boot(i)
		}
	})
	return &sdk.StartInstancesOutput{StartingInstances: changes}, err
}

func stoppable(i *instance) error {
	if state := i.state(); state == launch.ShuttingDown || state == launch.Terminated {
		return incorrectState(i, "stopped or started")
	}
	return nil
}

func incorrectState(i *instance, done string) error {
	return wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be %s: it is %s.", *i.InstanceId, done, i.state())
}
