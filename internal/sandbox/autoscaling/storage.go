package autoscaling

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// What stands here is kept and listed, and nothing more: no notification is sent, and no instance is warmed up.

func (s *Service) putNotifications(_ context.Context, in *sdk.PutNotificationConfigurationInput) (*sdk.PutNotificationConfigurationOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if aws.ToString(in.TopicARN) == "" || len(in.NotificationTypes) == 0 {
		return nil, invalid("TopicARN and NotificationTypes are required")
	}
	notices := slices.DeleteFunc(slices.Clone(g.notices), func(n types.NotificationConfiguration) bool { return *n.TopicARN == *in.TopicARN })
	for _, kind := range in.NotificationTypes {
		notices = append(notices, types.NotificationConfiguration{
			AutoScalingGroupName: g.AutoScalingGroupName, TopicARN: in.TopicARN, NotificationType: aws.String(kind),
		})
	}
	g.notices = notices
	return &sdk.PutNotificationConfigurationOutput{}, nil
}

func (s *Service) deleteNotifications(_ context.Context, in *sdk.DeleteNotificationConfigurationInput) (*sdk.DeleteNotificationConfigurationOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	g.notices = slices.DeleteFunc(slices.Clone(g.notices), func(n types.NotificationConfiguration) bool {
		return *n.TopicARN == aws.ToString(in.TopicARN)
	})
	return &sdk.DeleteNotificationConfigurationOutput{}, nil
}

func (s *Service) describeNotifications(_ context.Context, in *sdk.DescribeNotificationConfigurationsInput) (*sdk.DescribeNotificationConfigurationsOutput, error) {
	var found []types.NotificationConfiguration
	for _, g := range s.all() {
		if len(in.AutoScalingGroupNames) == 0 || slices.Contains(in.AutoScalingGroupNames, g.name()) {
			found = append(found, g.notices...)
		}
	}
	name := func(n types.NotificationConfiguration) string {
		return fmt.Sprint(*n.AutoScalingGroupName, " ", *n.TopicARN, " ", *n.NotificationType)
	}
	found, next, err := page(found, name, in.MaxRecords, in.NextToken, limits{50, 100})
	return &sdk.DescribeNotificationConfigurationsOutput{NotificationConfigurations: found, NextToken: next}, err
}

func (s *Service) putWarmPool(_ context.Context, in *sdk.PutWarmPoolInput) (*sdk.PutWarmPoolOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	pool := adopted[types.WarmPoolConfiguration](in)
	if pool.MinSize == nil {
		pool.MinSize = aws.Int32(0)
	}
	if pool.PoolState == "" {
		pool.PoolState = types.WarmPoolStateStopped
	}
	g.warmPool = &pool
	return &sdk.PutWarmPoolOutput{}, nil
}

func (s *Service) deleteWarmPool(_ context.Context, in *sdk.DeleteWarmPoolInput) (*sdk.DeleteWarmPoolOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.warmPool == nil {
		return nil, invalid("No warm pool found for the group %s", g.name())
	}
	g.warmPool = nil
	return &sdk.DeleteWarmPoolOutput{}, nil
}

func (s *Service) describeWarmPool(_ context.Context, in *sdk.DescribeWarmPoolInput) (*sdk.DescribeWarmPoolOutput, error) {
	g, err := s.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeWarmPoolOutput{WarmPoolConfiguration: g.warmPool}, nil
}

func (s *Service) describeAccountLimits(context.Context, *sdk.DescribeAccountLimitsInput) (*sdk.DescribeAccountLimitsOutput, error) {
	return &sdk.DescribeAccountLimitsOutput{
		MaxNumberOfAutoScalingGroups: aws.Int32(500), NumberOfAutoScalingGroups: aws.Int32(int32(len(s.groups))),
		MaxNumberOfLaunchConfigurations: aws.Int32(maxConfigurations), NumberOfLaunchConfigurations: aws.Int32(int32(len(s.configurations))),
	}, nil
}
