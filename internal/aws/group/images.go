package group

import (
	"cmp"
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

// Launched is one way in which a group launches: by its template, by that of its mixed instances policy, or by an override of it.
type Launched struct {
	Group    string
	Override bool
	Template string // id, or its name where Auto Scaling has no id; "" where the launch names none
	Version  string // a number, "$Latest" or "$Default"
	Image    string // of an override that names one: an id, or "resolve:ssm:PARAMETER"
}

// Launches lists what groups of any size launch by templates. Those with a launch configuration have none.
func (c *Client) Launches(ctx context.Context) ([]Launched, error) {
	var found []Launched
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(c.api, &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(perPage)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list Auto Scaling groups")
		}
		for _, g := range out.AutoScalingGroups {
			found = append(found, launches(g)...)
		}
	}
	return found, nil
}

func launches(g types.AutoScalingGroup) []Launched {
	var found []Launched
	add := func(override bool, s *types.LaunchTemplateSpecification, image *string) {
		l := Launched{Group: aws.ToString(g.AutoScalingGroupName), Override: override, Image: aws.ToString(image)}
		if s != nil {
			l.Template, l.Version = cmp.Or(aws.ToString(s.LaunchTemplateId), aws.ToString(s.LaunchTemplateName)), version(s)
		}
		if l.Template != "" || l.Image != "" {
			found = append(found, l)
		}
	}
	add(false, g.LaunchTemplate, nil)
	if p := g.MixedInstancesPolicy; p != nil && p.LaunchTemplate != nil {
		add(false, p.LaunchTemplate.LaunchTemplateSpecification, nil)
		for _, o := range p.LaunchTemplate.Overrides {
			add(true, o.LaunchTemplateSpecification, o.ImageId)
		}
	}
	return found
}

// version is how a group refers to a version of a launch template; without a word it is the default one.
func version(s *types.LaunchTemplateSpecification) string {
	return cmp.Or(aws.ToString(s.Version), "$Default")
}
