package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

var instanceAttributes = attributes[*instance]{
	"instance-id":         func(i *instance) []string { return one(*i.InstanceId) },
	"instance-state-name": func(i *instance) []string { return one(i.state()) },
	"instance-type":       func(i *instance) []string { return one(string(i.InstanceType)) },
	"instance-lifecycle":  func(i *instance) []string { return one(string(i.InstanceLifecycle)) },
	"image-id":            func(i *instance) []string { return one(*i.ImageId) },
	"subnet-id":           func(i *instance) []string { return one(aws.ToString(i.SubnetId)) },
	"vpc-id":              func(i *instance) []string { return one(aws.ToString(i.VpcId)) },
	"availability-zone":   func(i *instance) []string { return one(*i.Placement.AvailabilityZone) },
	"private-ip-address":  func(i *instance) []string { return one(aws.ToString(i.PrivateIpAddress)) },
	"private-dns-name":    func(i *instance) []string { return one(aws.ToString(i.PrivateDnsName)) },
	"architecture":        func(i *instance) []string { return one(string(i.Architecture)) },
	"key-name":            func(i *instance) []string { return one(aws.ToString(i.KeyName)) },
	"client-token":        func(i *instance) []string { return one(aws.ToString(i.ClientToken)) },
	"reservation-id":      func(i *instance) []string { return one(i.reservation) },
	"iam-instance-profile.arn": func(i *instance) []string {
		if i.IamInstanceProfile == nil {
			return nil
		}
		return one(*i.IamInstanceProfile.Arn)
	},
	"instance.group-id": func(i *instance) []string {
		var ids []string
		for _, g := range i.SecurityGroups {
			ids = append(ids, *g.GroupId)
		}
		return ids
	},
}

func instanceName(i *instance) string { return *i.InstanceId }

// described is an instance as a client sees it now.
func (s *Service) described(i *instance) types.Instance {
	d := i.Instance
	d.Tags = s.tagsOf(*i.InstanceId)
	return d
}

// pickInstances gives one page of the instances that a request asks for.
func (s *Service) pickInstances(ids []string, filters []types.Filter, maxResults *int32, token *string) ([]*instance, *string, error) {
	if len(ids) > 0 && maxResults != nil {
		return nil, nil, wire.Errorf("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	picked, err := s.instances.pick(ids, func(id string) error {
		_, err := s.findInstance(id)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if picked, err = filtered(s, picked, instanceName, filters, instanceAttributes); err != nil {
		return nil, nil, err
	}
	return page(picked, instanceName, maxResults, token, limits{5, 1000})
}

func (s *Service) describeInstances(_ context.Context, in *sdk.DescribeInstancesInput) (*sdk.DescribeInstancesOutput, error) {
	picked, next, err := s.pickInstances(in.InstanceIds, in.Filters, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeInstancesOutput{NextToken: next}
	at := map[string]int{} // reservations by id, in the order of their first instance
	for _, i := range picked {
		n, ok := at[i.reservation]
		if !ok {
			n = len(out.Reservations)
			at[i.reservation] = n
			out.Reservations = append(out.Reservations, types.Reservation{
				ReservationId: aws.String(i.reservation), OwnerId: aws.String(s.Account.ID),
			})
		}
		out.Reservations[n].Instances = append(out.Reservations[n].Instances, s.described(i))
	}
	return out, nil
}

// describeInstanceStatus lists running instances only, unless it is asked for all.
func (s *Service) describeInstanceStatus(_ context.Context, in *sdk.DescribeInstanceStatusInput) (*sdk.DescribeInstanceStatusOutput, error) {
	filters := in.Filters
	if !aws.ToBool(in.IncludeAllInstances) {
		filters = append(filters[:len(filters):len(filters)], types.Filter{
			Name: aws.String("instance-state-name"), Values: []string{launch.Running},
		})
	}
	picked, next, err := s.pickInstances(in.InstanceIds, filters, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeInstanceStatusOutput{NextToken: next}
	for _, i := range picked {
		out.InstanceStatuses = append(out.InstanceStatuses, types.InstanceStatus{
			InstanceId: i.InstanceId, AvailabilityZone: i.Placement.AvailabilityZone, InstanceState: i.State,
			InstanceStatus: i.reachability(), SystemStatus: i.reachability(),
		})
	}
	return out, nil
}

// reachability is the result of EC2's own status checks, which know nothing of the software.
func (i *instance) reachability() *types.InstanceStatusSummary {
	switch i.state() {
	case launch.Running:
		return &types.InstanceStatusSummary{Status: types.SummaryStatusOk, Details: []types.InstanceStatusDetails{
			{Name: types.StatusNameReachability, Status: types.StatusTypePassed},
		}}
	case launch.Pending:
		return &types.InstanceStatusSummary{Status: types.SummaryStatusInitializing}
	default:
		return &types.InstanceStatusSummary{Status: types.SummaryStatusNotApplicable}
	}
}

func (s *Service) describeInstanceAttribute(_ context.Context, in *sdk.DescribeInstanceAttributeInput) (*sdk.DescribeInstanceAttributeOutput, error) {
	i, err := s.findInstance(aws.ToString(in.InstanceId))
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeInstanceAttributeOutput{InstanceId: i.InstanceId}
	switch in.Attribute {
	case types.InstanceAttributeNameUserData:
		out.UserData = &types.AttributeValue{Value: i.settings.UserData}
	case types.InstanceAttributeNameInstanceInitiatedShutdownBehavior:
		out.InstanceInitiatedShutdownBehavior = &types.AttributeValue{
			Value: aws.String(orNew(string(i.settings.InstanceInitiatedShutdownBehavior), "stop")),
		}
	case types.InstanceAttributeNameInstanceType:
		out.InstanceType = &types.AttributeValue{Value: aws.String(string(i.InstanceType))}
	case types.InstanceAttributeNameDisableApiTermination:
		out.DisableApiTermination = &types.AttributeBooleanValue{Value: aws.Bool(aws.ToBool(i.settings.DisableApiTermination))}
	case types.InstanceAttributeNameGroupSet:
		out.Groups = i.SecurityGroups
	default:
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", in.Attribute)
	}
	return out, nil
}
