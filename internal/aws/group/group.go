// Package group reads, sizes and copies Auto Scaling groups.
package group

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	DescribeScalingActivities(context.Context, *autoscaling.DescribeScalingActivitiesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error)
	UpdateAutoScalingGroup(context.Context, *autoscaling.UpdateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	CreateOrUpdateTags(context.Context, *autoscaling.CreateOrUpdateTagsInput, ...func(*autoscaling.Options)) (*autoscaling.CreateOrUpdateTagsOutput, error)
	DeleteTags(context.Context, *autoscaling.DeleteTagsInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteTagsOutput, error)
	DescribePolicies(context.Context, *autoscaling.DescribePoliciesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribePoliciesOutput, error)
	DescribeLifecycleHooks(context.Context, *autoscaling.DescribeLifecycleHooksInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeLifecycleHooksOutput, error)
	DescribeScheduledActions(context.Context, *autoscaling.DescribeScheduledActionsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScheduledActionsOutput, error)
	DescribeNotificationConfigurations(context.Context, *autoscaling.DescribeNotificationConfigurationsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeNotificationConfigurationsOutput, error)
	DescribeTrafficSources(context.Context, *autoscaling.DescribeTrafficSourcesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeTrafficSourcesOutput, error)
	CreateAutoScalingGroup(context.Context, *autoscaling.CreateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.CreateAutoScalingGroupOutput, error)
	DeleteAutoScalingGroup(context.Context, *autoscaling.DeleteAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error)
	PutScalingPolicy(context.Context, *autoscaling.PutScalingPolicyInput, ...func(*autoscaling.Options)) (*autoscaling.PutScalingPolicyOutput, error)
	EnableMetricsCollection(context.Context, *autoscaling.EnableMetricsCollectionInput, ...func(*autoscaling.Options)) (*autoscaling.EnableMetricsCollectionOutput, error)
	ResumeProcesses(context.Context, *autoscaling.ResumeProcessesInput, ...func(*autoscaling.Options)) (*autoscaling.ResumeProcessesOutput, error)
	SetInstanceProtection(context.Context, *autoscaling.SetInstanceProtectionInput, ...func(*autoscaling.Options)) (*autoscaling.SetInstanceProtectionOutput, error)
	DescribeLaunchConfigurations(context.Context, *autoscaling.DescribeLaunchConfigurationsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeLaunchConfigurationsOutput, error)
	SuspendProcesses(context.Context, *autoscaling.SuspendProcessesInput, ...func(*autoscaling.Options)) (*autoscaling.SuspendProcessesOutput, error)
}

// Client calls Auto Scaling.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{autoscaling.NewFromConfig(cfg)} }

// Size is how many instances a group may have and wants.
type Size struct {
	Min     int `json:"min"`
	Max     int `json:"max"`
	Desired int `json:"desired"`
}

func (s Size) String() string {
	return fmt.Sprintf("min=%d max=%d desired=%d", s.Min, s.Max, s.Desired)
}

// ParseSize reads what String writes.
func ParseSize(text string) (Size, error) {
	var s Size
	if _, err := fmt.Sscanf(text, "min=%d max=%d desired=%d", &s.Min, &s.Max, &s.Desired); err != nil {
		return Size{}, fmt.Errorf("read size %q: want min=N max=N desired=N", text)
	}
	return s, nil
}

// Group is an Auto Scaling group.
type Group struct {
	Name            string
	Size            Size
	TemplateID      string // of its launch template; "" when it has none of its own
	TemplateVersion string // as the group refers to it: a number, "$Latest" or "$Default"
	TargetGroups    []string
	Instances       []Instance
	Tags            map[string]string
	Status          string // "" or "Delete in progress"

	protected bool     // from being deleted
	suspended []string // names of processes: "Launch"
}

// Instance is a member of a group.
type Instance struct {
	ID              string
	State           string // lifecycle state: "Pending", "InService", "Terminating:Wait" …
	Healthy         bool
	TemplateVersion string

	protected bool // from scaling in
}

// InService counts the members that serve.
func (g Group) InService() int {
	n := 0
	for _, i := range g.Instances {
		if i.State == string(types.LifecycleStateInService) && i.Healthy {
			n++
		}
	}
	return n
}

// Processes of a group that can be suspended, and without which it is of no use to a deployment.
const (
	Launch            = "Launch"            // brings instances up
	Terminate         = "Terminate"         // takes them away
	AddToLoadBalancer = "AddToLoadBalancer" // registers them with target groups
)

// Suspended says that a process of the group is suspended.
func (g Group) Suspended(process string) bool { return slices.Contains(g.suspended, process) }

// Leaving says that an instance is on its way out.
func (i Instance) Leaving() bool {
	return strings.HasPrefix(i.State, "Terminating") || i.State == "Terminated"
}

// Get reads a group. A missing one is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, name string) (Group, error) {
	out, err := c.api.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil {
		return Group{}, awserr.Wrap(err, "describe Auto Scaling group %s", name)
	}
	if len(out.AutoScalingGroups) != 1 {
		return Group{}, fmt.Errorf("describe Auto Scaling group %s: %w", name, awserr.ErrNotFound)
	}
	return fromSDK(out.AutoScalingGroups[0]), nil
}

func fromSDK(s types.AutoScalingGroup) Group {
	g := Group{
		Name: aws.ToString(s.AutoScalingGroupName), Status: aws.ToString(s.Status), TargetGroups: s.TargetGroupARNs,
		Size: Size{
			Min: int(aws.ToInt32(s.MinSize)), Max: int(aws.ToInt32(s.MaxSize)), Desired: int(aws.ToInt32(s.DesiredCapacity)),
		},
		Tags: map[string]string{}, protected: s.DeletionProtection == types.DeletionProtectionPreventAllDeletion,
	}
	if t := s.LaunchTemplate; t != nil {
		g.TemplateID, g.TemplateVersion = aws.ToString(t.LaunchTemplateId), aws.ToString(t.Version)
	}
	for _, t := range s.Tags {
		g.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for _, p := range s.SuspendedProcesses {
		g.suspended = append(g.suspended, aws.ToString(p.ProcessName))
	}
	for _, i := range s.Instances {
		member := Instance{
			ID: aws.ToString(i.InstanceId), State: string(i.LifecycleState), Healthy: aws.ToString(i.HealthStatus) == "Healthy",
			protected: aws.ToBool(i.ProtectedFromScaleIn),
		}
		if i.LaunchTemplate != nil {
			member.TemplateVersion = aws.ToString(i.LaunchTemplate.Version)
		}
		g.Instances = append(g.Instances, member)
	}
	return g
}

// Change says which numbers of a group to set; nil leaves one alone.
type Change struct{ Min, Max, Desired *int }

// Resize sets some numbers of a group. The rest stays as it is.
func (c *Client) Resize(ctx context.Context, name string, ch Change) error {
	_, err := c.api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: int32p(ch.Min), MaxSize: int32p(ch.Max), DesiredCapacity: int32p(ch.Desired),
	})
	return awserr.Wrap(err, "resize Auto Scaling group %s", name)
}

func int32p(n *int) *int32 {
	if n == nil {
		return nil
	}
	return aws.Int32(int32(*n))
}

const resourceType = "auto-scaling-group"

// Tag sets a tag on the group itself; its instances do not get it.
func (c *Client) Tag(ctx context.Context, name, key, value string) error {
	_, err := c.api.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: []types.Tag{{
		ResourceId: &name, ResourceType: aws.String(resourceType), Key: &key, Value: &value, PropagateAtLaunch: aws.Bool(false),
	}}})
	return awserr.Wrap(err, "tag Auto Scaling group %s with %s", name, key)
}

// Untag removes a tag; one that is gone already is fine.
func (c *Client) Untag(ctx context.Context, name, key string) error {
	_, err := c.api.DeleteTags(ctx, &autoscaling.DeleteTagsInput{Tags: []types.Tag{{
		ResourceId: &name, ResourceType: aws.String(resourceType), Key: &key,
	}}})
	return awserr.Wrap(err, "remove tag %s of Auto Scaling group %s", key, name)
}

// Trouble is the newest activity of a group if it failed: why it cannot launch or stop instances. "" when all is well.
func (c *Client) Trouble(ctx context.Context, name string) (string, error) {
	out, err := c.api.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: &name, MaxRecords: aws.Int32(1),
	})
	if err != nil {
		return "", awserr.Wrap(err, "list the activities of Auto Scaling group %s", name)
	}
	for _, a := range out.Activities {
		if a.StatusCode == types.ScalingActivityStatusCodeFailed {
			return aws.ToString(a.StatusMessage), nil
		}
	}
	return "", nil
}
