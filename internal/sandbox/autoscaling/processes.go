package autoscaling

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// What a group does by itself and can be told not to do.
const (
	processLaunch            = "Launch"
	processTerminate         = "Terminate"
	processAddToLoadBalancer = "AddToLoadBalancer"
	processAlarmNotification = "AlarmNotification"
	processAZRebalance       = "AZRebalance"
	processHealthCheck       = "HealthCheck"
	processInstanceRefresh   = "InstanceRefresh"
	processReplaceUnhealthy  = "ReplaceUnhealthy"
	processScheduledActions  = "ScheduledActions"
)

var processes = []string{
	processAddToLoadBalancer, processAlarmNotification, processAZRebalance, processHealthCheck, processInstanceRefresh,
	processLaunch, processReplaceUnhealthy, processScheduledActions, processTerminate,
}

func (g *group) suspended(process string) bool {
	return slices.ContainsFunc(g.SuspendedProcesses, func(p types.SuspendedProcess) bool { return *p.ProcessName == process })
}

// namedProcesses checks the names; none means all.
func namedProcesses(names []string) ([]string, error) {
	if len(names) == 0 {
		return processes, nil
	}
	for _, name := range names {
		if !slices.Contains(processes, name) {
			return nil, invalid("1 validation error detected: %s is not a valid scaling process, which are %v", name, processes)
		}
	}
	return names, nil
}

func (s *Service) suspendProcesses(_ context.Context, in *sdk.SuspendProcessesInput) (*sdk.SuspendProcessesOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	names, err := namedProcesses(in.ScalingProcesses)
	if err != nil {
		return nil, err
	}
	suspended := slices.Clone(g.SuspendedProcesses)
	for _, name := range names {
		if !g.suspended(name) {
			suspended = append(suspended, types.SuspendedProcess{
				ProcessName:      aws.String(name),
				SuspensionReason: aws.String("User suspended at " + s.Account.Now().Format("2006-01-02T15:04:05Z")),
			})
		}
	}
	g.SuspendedProcesses = suspended
	return &sdk.SuspendProcessesOutput{}, nil
}

func (s *Service) resumeProcesses(_ context.Context, in *sdk.ResumeProcessesInput) (*sdk.ResumeProcessesOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	names, err := namedProcesses(in.ScalingProcesses)
	if err != nil {
		return nil, err
	}
	g.SuspendedProcesses = slices.DeleteFunc(slices.Clone(g.SuspendedProcesses), func(p types.SuspendedProcess) bool {
		return slices.Contains(names, *p.ProcessName)
	})
	s.unblock(g)
	s.kick(g)
	return &sdk.ResumeProcessesOutput{}, nil
}
