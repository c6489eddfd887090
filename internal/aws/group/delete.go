package group

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/aws/awserr"
)

const protectionPage = 50 // instances in a call

// Held says that a group keeps instances that are more than it wants: they are protected from scaling in, or it does not
// terminate any. A copy has that from its source.
func (g Group) Held() bool { return g.Suspended(Terminate) || len(g.Protected()) > 0 }

// Protected are the instances that are protected from scaling in, and whose protection can be taken away now: AWS refuses to
// before they are in service.
func (g Group) Protected() []string {
	var ids []string
	for _, i := range g.Instances {
		if i.protected && (i.State == string(types.LifecycleStateInService) || i.State == string(types.LifecycleStateStandby)) {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// LetGo lets a group scale in that is Held. It is for a group that is to be deleted.
func (c *Client) LetGo(ctx context.Context, g Group) error {
	if g.Suspended(Terminate) {
		_, err := c.api.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: &g.Name, ScalingProcesses: []string{Terminate}})
		if err != nil {
			return awserr.Wrap(err, "let %s terminate instances", g.Name)
		}
	}
	for ids := range slices.Chunk(g.Protected(), protectionPage) {
		_, err := c.api.SetInstanceProtection(ctx, &autoscaling.SetInstanceProtectionInput{
			AutoScalingGroupName: &g.Name, InstanceIds: ids, ProtectedFromScaleIn: aws.Bool(false),
		})
		if err != nil {
			return awserr.Wrap(err, "take the protection from instances of %s", g.Name)
		}
	}
	return nil
}

// Delete removes a group that has no instances; one that is gone already is fine. A copy is protected as its source is: that
// goes first.
func (c *Client) Delete(ctx context.Context, g Group) error {
	name := g.Name
	if g.protected {
		_, err := c.api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
			AutoScalingGroupName: &name, DeletionProtection: types.DeletionProtectionNone,
		})
		if err != nil {
			return awserr.Wrap(err, "take the deletion protection from %s", name)
		}
	}
	_, err := c.api.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &name})
	if awserr.Code(err) == "ValidationError" {
		if _, getErr := c.Get(ctx, name); errors.Is(getErr, awserr.ErrNotFound) {
			return nil
		}
	}
	return awserr.Wrap(err, "delete Auto Scaling group %s", name)
}
