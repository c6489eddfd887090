package autoscaling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/wire"
)

// Scheduled actions are kept per group and listed; their time never comes here.

// putSchedule adds a scheduled action to a group, or replaces the one of that name.
func (s *Service) putSchedule(g *group, in types.ScheduledUpdateGroupActionRequest) error {
	name := aws.ToString(in.ScheduledActionName)
	switch {
	case name == "":
		return invalid("ScheduledActionName is required")
	case in.MinSize == nil && in.MaxSize == nil && in.DesiredCapacity == nil:
		return invalid("At least one of MinSize, MaxSize and DesiredCapacity must be specified.")
	case in.StartTime == nil && in.Recurrence == nil:
		return invalid("Either StartTime or Recurrence must be specified.")
	case in.TimeZone != nil:
		if _, err := time.LoadLocation(*in.TimeZone); err != nil {
			return invalid("Invalid TimeZone %s", *in.TimeZone)
		}
	}
	next := adopted[types.ScheduledUpdateGroupAction](&in)
	next.AutoScalingGroupName, next.Time = g.AutoScalingGroupName, in.StartTime
	next.ScheduledActionARN = aws.String(s.Account.ARN("autoscaling", fmt.Sprintf(
		"scheduledUpdateGroupAction:%s:autoScalingGroupName/%s:scheduledActionName/%s", s.uuid(), g.name(), name)))
	schedules := slices.Clone(g.schedules)
	if i := g.schedule(name); i >= 0 {
		next.ScheduledActionARN = schedules[i].ScheduledActionARN
		schedules[i] = next
	} else {
		schedules = append(schedules, next)
	}
	g.schedules = schedules
	return nil
}

func (g *group) schedule(name string) int {
	return slices.IndexFunc(g.schedules, func(a types.ScheduledUpdateGroupAction) bool { return *a.ScheduledActionName == name })
}

func (s *Service) deleteSchedule(g *group, name string) error {
	if g.schedule(name) < 0 {
		return invalid("Scheduled action name not found - Scheduled action %s not found", name)
	}
	g.schedules = slices.DeleteFunc(slices.Clone(g.schedules), func(a types.ScheduledUpdateGroupAction) bool {
		return *a.ScheduledActionName == name
	})
	return nil
}

func (s *Service) putScheduledAction(_ context.Context, in *sdk.PutScheduledUpdateGroupActionInput) (*sdk.PutScheduledUpdateGroupActionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	action := adopted[types.ScheduledUpdateGroupActionRequest](in)
	if action.StartTime == nil {
		action.StartTime = in.Time
	}
	return &sdk.PutScheduledUpdateGroupActionOutput{}, s.putSchedule(g, action)
}

func (s *Service) batchPutScheduledActions(_ context.Context, in *sdk.BatchPutScheduledUpdateGroupActionInput) (*sdk.BatchPutScheduledUpdateGroupActionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &sdk.BatchPutScheduledUpdateGroupActionOutput{}
	for _, action := range in.ScheduledUpdateGroupActions {
		if err := s.putSchedule(g, action); err != nil {
			out.FailedScheduledUpdateGroupActions = append(out.FailedScheduledUpdateGroupActions, failedAction(action.ScheduledActionName, err))
		}
	}
	return out, nil
}

func (s *Service) deleteScheduledAction(_ context.Context, in *sdk.DeleteScheduledActionInput) (*sdk.DeleteScheduledActionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &sdk.DeleteScheduledActionOutput{}, s.deleteSchedule(g, aws.ToString(in.ScheduledActionName))
}

func (s *Service) batchDeleteScheduledActions(_ context.Context, in *sdk.BatchDeleteScheduledActionInput) (*sdk.BatchDeleteScheduledActionOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &sdk.BatchDeleteScheduledActionOutput{}
	for _, name := range in.ScheduledActionNames {
		if err := s.deleteSchedule(g, name); err != nil {
			out.FailedScheduledActions = append(out.FailedScheduledActions, failedAction(aws.String(name), err))
		}
	}
	return out, nil
}

func failedAction(name *string, err error) types.FailedScheduledUpdateGroupActionRequest {
	failed := types.FailedScheduledUpdateGroupActionRequest{ScheduledActionName: name, ErrorMessage: aws.String(err.Error())}
	var refused *wire.Error
	if errors.As(err, &refused) {
		failed.ErrorCode, failed.ErrorMessage = aws.String(refused.Code), aws.String(refused.Message)
	}
	return failed
}

func (s *Service) describeScheduledActions(_ context.Context, in *sdk.DescribeScheduledActionsInput) (*sdk.DescribeScheduledActionsOutput, error) {
	groups := s.all()
	if in.AutoScalingGroupName != nil {
		g, err := s.find(in.AutoScalingGroupName)
		if err != nil {
			return nil, err
		}
		groups = []*group{g}
	}
	var found []types.ScheduledUpdateGroupAction
	for _, g := range groups {
		for _, a := range g.schedules {
			named := len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, *a.ScheduledActionName) ||
				slices.Contains(in.ScheduledActionNames, *a.ScheduledActionARN)
			if named && startsWithin(a.StartTime, in.StartTime, in.EndTime) {
				found = append(found, a)
			}
		}
	}
	found, next, err := page(found, func(a types.ScheduledUpdateGroupAction) string { return *a.ScheduledActionARN },
		in.MaxRecords, in.NextToken, limits{50, 100})
	return &sdk.DescribeScheduledActionsOutput{ScheduledUpdateGroupActions: found, NextToken: next}, err
}

func startsWithin(start, earliest, latest *time.Time) bool {
	if start == nil {
		return true
	}
	return (earliest == nil || !start.Before(*earliest)) && (latest == nil || !start.After(*latest))
}
