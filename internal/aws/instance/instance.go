// Package instance launches, watches and ends single instances: those that images are made of and tested on.
package instance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
)

type api interface {
	RunInstances(context.Context, *ec2.RunInstancesInput, ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error)
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	StopInstances(context.Context, *ec2.StopInstancesInput, ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
	GetConsoleOutput(context.Context, *ec2.GetConsoleOutputInput, ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error)
}

// Client calls EC2.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ec2.NewFromConfig(cfg)} }

// The states of an instance.
const (
	Pending      = string(types.InstanceStateNamePending)
	Running      = string(types.InstanceStateNameRunning)
	Stopping     = string(types.InstanceStateNameStopping)
	Stopped      = string(types.InstanceStateNameStopped)
	ShuttingDown = string(types.InstanceStateNameShuttingDown)
	Terminated   = string(types.InstanceStateNameTerminated)
)

// Instance is a virtual machine.
type Instance struct {
	ID         string
	State      string // one of those above
	Reason     string // why it is in that state, if EC2 says so: "Client.UserInitiatedShutdown: User initiated shutdown"
	Image      string
	Type       string
	PrivateIP  string
	RootDevice string // the name of its root device: "/dev/sda1"
	Spot       bool
	Launched   time.Time
	Tags       map[string]string
}

// Ended says that the instance is gone, or about to be.
func (i Instance) Ended() bool { return i.State == ShuttingDown || i.State == Terminated }

// Get reads an instance, for an hour or so after it was terminated, too. One that does not exist, or does not show yet, is
// awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, id string) (Instance, error) {
	out, err := c.api.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		return Instance{}, awserr.Wrap(err, "describe instance %s", id)
	}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			return fromSDK(i), nil
		}
	}
	return Instance{}, fmt.Errorf("describe instance %s: %w", id, awserr.ErrNotFound)
}

// perPage is how many items to ask for at once: the most that EC2 gives.
const perPage = 1000

// Find lists the instances that have all of some tags, and are not terminated.
func (c *Client) Find(ctx context.Context, tags map[string]string) ([]Instance, error) {
	var all []Instance
	pages := ec2.NewDescribeInstancesPaginator(c.api, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(perPage),
		Filters: append(ec2tag.Filters(tags), types.Filter{
			Name: aws.String("instance-state-name"), Values: []string{Pending, Running, Stopping, Stopped, ShuttingDown},
		}),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list instances")
		}
		for _, r := range out.Reservations {
			for _, i := range r.Instances {
				all = append(all, fromSDK(i))
			}
		}
	}
	return all, nil
}

func fromSDK(s types.Instance) Instance {
	i := Instance{
		ID: aws.ToString(s.InstanceId), Image: aws.ToString(s.ImageId), Type: string(s.InstanceType),
		PrivateIP: aws.ToString(s.PrivateIpAddress), RootDevice: aws.ToString(s.RootDeviceName),
		Spot: s.InstanceLifecycle == types.InstanceLifecycleTypeSpot, Launched: aws.ToTime(s.LaunchTime).UTC(), Tags: ec2tag.Map(s.Tags),
		Reason: aws.ToString(s.StateTransitionReason),
	}
	if s.State != nil {
		i.State = string(s.State.Name)
	}
	if s.StateReason != nil && aws.ToString(s.StateReason.Message) != "" {
		i.Reason = *s.StateReason.Message
	}
	return i
}

// Stop stops an instance without terminating it. One that is stopped already is fine.
func (c *Client) Stop(ctx context.Context, id string) error {
	_, err := c.api.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}})
	return awserr.Wrap(err, "stop instance %s", id)
}

// Terminate ends instances. Those that are terminated already are fine. One that EC2 does not know (any longer, or yet) is
// awserr.ErrNotFound, and does not keep the others from being terminated.
func (c *Client) Terminate(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := c.api.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	if err == nil {
		return nil
	}
	if err = awserr.Wrap(err, "terminate instance %s", ids[0]); len(ids) == 1 || awserr.Transient(err) {
		return err
	}
	var failed []error // EC2 takes all or none
	for _, id := range ids {
		_, err := c.api.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
		failed = append(failed, awserr.Wrap(err, "terminate instance %s", id))
	}
	return errors.Join(failed...)
}
