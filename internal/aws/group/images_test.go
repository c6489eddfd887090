package group

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"

	"bluegreen/internal/aws/awserr"
)

// lists is an api that lists groups and launch configurations, in pages of one.
type lists struct {
	api
	groups         []types.AutoScalingGroup
	configurations []types.LaunchConfiguration
	refuseFrom     int // the page that is refused; none when zero
}

func (l *lists) page(token *string, count int) (at int, next *string, err error) {
	if token != nil {
		fmt.Sscan(*token, &at)
	}
	if l.refuseFrom > 0 && at >= l.refuseFrom {
		return 0, nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	}
	if at+1 < count {
		next = aws.String(fmt.Sprint(at + 1))
	}
	return at, next, nil
}

func (l *lists) DescribeAutoScalingGroups(_ context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	at, next, err := l.page(in.NextToken, len(l.groups))
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: l.groups[at : at+1], NextToken: next}, err
}

func (l *lists) DescribeLaunchConfigurations(_ context.Context, in *autoscaling.DescribeLaunchConfigurationsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeLaunchConfigurationsOutput, error) {
	at, next, err := l.page(in.NextToken, len(l.configurations))
	return &autoscaling.DescribeLaunchConfigurationsOutput{LaunchConfigurations: l.configurations[at : at+1], NextToken: next}, err
}

func account() *lists {
	template := func(id, version string) *types.LaunchTemplateSpecification {
		s := &types.LaunchTemplateSpecification{LaunchTemplateId: &id}
		if version != "" {
			s.Version = &version
		}
		return s
	}
	mixed := func(name string, base *types.LaunchTemplateSpecification, overrides ...types.LaunchTemplateOverrides) types.AutoScalingGroup {
		return types.AutoScalingGroup{AutoScalingGroupName: &name, MixedInstancesPolicy: &types.MixedInstancesPolicy{
			LaunchTemplate: &types.LaunchTemplate{LaunchTemplateSpecification: base, Overrides: overrides},
		}}
	}
	configuration := func(name, image string) types.LaunchConfiguration {
		return types.LaunchConfiguration{LaunchConfigurationName: &name, ImageId: &image}
	}
	return &lists{
		groups: []types.AutoScalingGroup{
			{AutoScalingGroupName: aws.String("plain"), LaunchTemplate: template("lt-9", "1")},
			mixed("a", template("lt-1", "3"),
				types.LaunchTemplateOverrides{InstanceType: aws.String("t3.small")},
				types.LaunchTemplateOverrides{LaunchTemplateSpecification: template("lt-2", "$Latest")},
				types.LaunchTemplateOverrides{LaunchTemplateSpecification: template("lt-2", "$Latest"), ImageId: aws.String("ami-1")},
			),
			mixed("b", template("lt-1", ""), types.LaunchTemplateOverrides{ImageId: aws.String("resolve:ssm:/shop/ami")}, types.LaunchTemplateOverrides{ImageId: aws.String("ami-2")}),
			{AutoScalingGroupName: aws.String("empty"), MixedInstancesPolicy: &types.MixedInstancesPolicy{}},
		},
		configurations: []types.LaunchConfiguration{configuration("old", "ami-1"), configuration("older", "ami-2"), configuration("oldest", "ami-1")},
	}
}

func TestImagesOfGroups(t *testing.T) {
	c := &Client{account()}
	got, err := c.LaunchConfigurations(t.Context())
	if err != nil {
		t.Error(err)
	}
	check(t, "launch configurations", map[string][]string{"ami-1": {"old", "oldest"}, "ami-2": {"older"}}, got)
	launches, err := c.Launches(t.Context())
	if err != nil {
		t.Error(err)
	}
	check(t, "launches", []Launched{
		{Group: "plain", Template: "lt-9", Version: "1"},
		{Group: "a", Template: "lt-1", Version: "3"},
		{Group: "a", Override: true, Template: "lt-2", Version: "$Latest"},
		{Group: "a", Override: true, Template: "lt-2", Version: "$Latest", Image: "ami-1"},
		{Group: "b", Template: "lt-1", Version: "$Default"},
		{Group: "b", Override: true, Image: "resolve:ssm:/shop/ami"},
		{Group: "b", Override: true, Image: "ami-2"},
	}, launches)
}

// Half of a list is none.
func TestImagesOfGroupsThatCannotBeListed(t *testing.T) {
	a := account()
	a.refuseFrom = 1
	c := &Client{a}
	if got, err := c.LaunchConfigurations(t.Context()); got != nil || !errors.Is(err, awserr.ErrDenied) {
		t.Errorf("launch configurations: %v, %v", got, err)
	}
	if got, err := c.Launches(t.Context()); got != nil || !errors.Is(err, awserr.ErrDenied) {
		t.Errorf("launches: %v, %v", got, err)
	}
}
