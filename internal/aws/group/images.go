package group

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/awserr"
)

// perPage is how many groups or launch configurations to ask for at once: the most that Auto Scaling gives.
const perPage = 100

// LaunchConfigurations has the names of the launch configurations that launch each image, whether a group uses them or not.
func (c *Client) LaunchConfigurations(ctx context.Context) (map[string][]string, error) {
	found := map[string][]string{}
	pages := autoscaling.NewDescribeLaunchConfigurationsPaginator(c.api, &autoscaling.DescribeLaunchConfigurationsInput{MaxRecords: aws.Int32(perPage)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list launch configurations")
		}
		for _, l := range out.LaunchConfigurations {
			found[aws.ToString(l.ImageId)] = append(found[aws.ToString(l.ImageId)], aws.ToString(l.LaunchConfigurationName))
		}
	}
	return found, nil
}

// Overrides has the names of the groups that launch each image, or each version of a launch template, besides the template of
// their own: by their mixed instances policies. A version stands as the group refers to it: "lt-1 version 3",
// "lt-1 version $Latest".
func (c *Client) Overrides(ctx context.Context) (map[string][]string, error) {
	found := map[string][]string{}
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(c.api, &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(perPage)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list Auto Scaling groups")
		}
		for _, g := range out.AutoScalingGroups {
			for used := range overrides(g.MixedInstancesPolicy) {
				found[used] = append(found[used], aws.ToString(g.AutoScalingGroupName))
			}
		}
	}
	return found, nil
}

// overrides has the images and versions of a policy, each once.
func overrides(p *types.MixedInstancesPolicy) map[string]bool {
	used := map[string]bool{}
	if p == nil || p.LaunchTemplate == nil {
		return used
	}
	add := func(s *types.LaunchTemplateSpecification) {
		if s != nil {
			used[aws.ToString(s.LaunchTemplateId)+" version "+version(s)] = true
		}
	}
	add(p.LaunchTemplate.LaunchTemplateSpecification)
	for _, o := range p.LaunchTemplate.Overrides {
		add(o.LaunchTemplateSpecification)
		if image := aws.ToString(o.ImageId); image != "" {
			used[image] = true
		}
	}
	return used
}

// version is how a group refers to a version of a launch template; without a word it is the default one.
func version(s *types.LaunchTemplateSpecification) string {
	if v := aws.ToString(s.Version); v != "" {
		return v
	}
	return "$Default"
}
