package stack

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox"
)

// Team is the people who own the app. What they do by Terraform and in the console, it does by API calls.
type Team struct {
	made Made
	ec2  *ec2.Client
	asg  *autoscaling.Client
}

// NewTeam is the team of an app that was built.
func NewTeam(sb *sandbox.Sandbox, made Made) *Team {
	cfg := clients(sb)
	return &Team{made: made, ec2: ec2.NewFromConfig(cfg), asg: autoscaling.NewFromConfig(cfg)}
}

// Release makes a color launch a version: a new version of its launch template, to which its group is pinned. Instances
// that run already stay as they are.
func (t *Team) Release(ctx context.Context, color, version string) error {
	image, known := t.made.Images[version]
	if !known {
		return fmt.Errorf("release %s on %s: there is no such image", version, color)
	}
	name := fmt.Sprintf("%s-%s-asg", t.made.Spec.App, color)
	g, err := t.group(ctx, name)
	if err != nil {
		return err
	}
	out, err := t.ec2.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: g.LaunchTemplate.LaunchTemplateId, SourceVersion: g.LaunchTemplate.Version,
		VersionDescription: aws.String(version), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image},
	})
	if err != nil {
		return fmt.Errorf("release %s on %s: %w", version, color, err)
	}
	number := strconv.FormatInt(*out.LaunchTemplateVersion.VersionNumber, 10)
	_, err = t.asg.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name,
		LaunchTemplate:       &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: g.LaunchTemplate.LaunchTemplateId, Version: &number},
	})
	if err != nil {
		return fmt.Errorf("release %s on %s: %w", version, color, err)
	}
	return nil
}

// Instances is how many instances a color's group has, in whatever state.
func (t *Team) Instances(ctx context.Context, color string) (int, error) {
	g, err := t.group(ctx, fmt.Sprintf("%s-%s-asg", t.made.Spec.App, color))
	return len(g.Instances), err
}

func (t *Team) group(ctx context.Context, name string) (asgtypes.AutoScalingGroup, error) {
	out, err := t.asg.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil {
		return asgtypes.AutoScalingGroup{}, fmt.Errorf("read group %s: %w", name, err)
	}
	if len(out.AutoScalingGroups) != 1 {
		return asgtypes.AutoScalingGroup{}, fmt.Errorf("there is no group %s", name)
	}
	return out.AutoScalingGroups[0], nil
}
