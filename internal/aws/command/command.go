// Package command runs shell scripts on instances through Run Command of Systems Manager. An instance can be reached once the
// agent on it has registered, and has no need to let anybody in.
package command

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeInstanceInformation(context.Context, *ssm.DescribeInstanceInformationInput, ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error)
	SendCommand(context.Context, *ssm.SendCommandInput, ...func(*ssm.Options)) (*ssm.SendCommandOutput, error)
	ListCommands(context.Context, *ssm.ListCommandsInput, ...func(*ssm.Options)) (*ssm.ListCommandsOutput, error)
	GetCommandInvocation(context.Context, *ssm.GetCommandInvocationInput, ...func(*ssm.Options)) (*ssm.GetCommandInvocationOutput, error)
}

// Client calls Systems Manager.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ssm.NewFromConfig(cfg)} }

// Online says whether an instance can be reached: its agent has registered, and was heard of not long ago.
func (c *Client) Online(ctx context.Context, instance string) (bool, error) {
	out, err := c.api.DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{
		Filters: []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{instance}}},
	})
	if err != nil {
		return false, awserr.Wrap(err, "ask Systems Manager for instance %s", instance)
	}
	for _, i := range out.InstanceInformationList {
		if aws.ToString(i.InstanceId) == instance {
			return i.PingStatus == types.PingStatusOnline, nil
		}
	}
	return false, nil
}

// MaxNote is how many characters a note may have.
const MaxNote = 100

// Request is a script for an instance.
type Request struct {
	Instance string
	Note     string        // by which Find finds it
	Script   string        // for sh
	Delivery time.Duration // within which the instance's agent must have taken it; at least 30 s
	Limit    time.Duration // within which it must have ended then
}

// Send has an instance run a script, as root, and returns the command's id. There is no token: who sends one twice has it run
// twice, and so a call that fails is not repeated here. An instance that cannot be reached, or not yet, is
// awserr.ErrNotFound.
func (c *Client) Send(ctx context.Context, r Request) (id string, err error) {
	out, err := c.api.SendCommand(ctx, &ssm.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{r.Instance}, Comment: &r.Note,
		Parameters:     map[string][]string{"commands": {r.Script}, "executionTimeout": {strconv.Itoa(seconds(r.Limit))}},
		TimeoutSeconds: aws.Int32(int32(seconds(r.Delivery))),
	}, func(o *ssm.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		return "", awserr.Wrap(err, "send a command to instance %s", r.Instance)
	}
	if out.Command == nil || aws.ToString(out.Command.CommandId) == "" {
		return "", fmt.Errorf("send a command to instance %s: the answer names none", r.Instance)
	}
	return *out.Command.CommandId, nil
}

// seconds is a time span in whole seconds, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// Find is the id of the newest command with a note that was sent to an instance; "" for none. One that was sent a moment ago may
// be missing.
func (c *Client) Find(ctx context.Context, instance, note string) (id string, err error) {
	pages := ssm.NewListCommandsPaginator(c.api, &ssm.ListCommandsInput{InstanceId: &instance})
	var newest time.Time
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if awserr.Code(err) == "InvalidInstanceId" { // it has not registered
			return "", nil
		}
		if err != nil {
			return "", awserr.Wrap(err, "list the commands of instance %s", instance)
		}
		for _, command := range out.Commands {
			at := aws.ToTime(command.RequestedDateTime)
			if aws.ToString(command.Comment) == note && (id == "" || at.After(newest)) {
				id, newest = aws.ToString(command.CommandId), at
			}
		}
	}
	return id, nil
}

// Result is how a command goes on an instance.
type Result struct {
	Ended  bool
	Well   bool   // it has ended with code 0
	Status string // for people: "In Progress", "Execution Timed Out"
	Code   int    // with which the script has ended; -1 if it has not
	Output string // the first 24,000 characters; there are none unless the script has ended by itself
	Errors string // likewise, 8,000
}

// Result asks how a command goes. One that does not show yet is awserr.ErrNotFound.
func (c *Client) Result(ctx context.Context, instance, id string) (Result, error) {
	out, err := c.api.GetCommandInvocation(ctx, &ssm.GetCommandInvocationInput{CommandId: &id, InstanceId: &instance})
	if err != nil {
		return Result{}, awserr.Wrap(err, "ask how command %s goes on instance %s", id, instance)
	}
	r := Result{
		Status: aws.ToString(out.StatusDetails), Code: int(out.ResponseCode),
		Output: aws.ToString(out.StandardOutputContent), Errors: aws.ToString(out.StandardErrorContent),
	}
	if r.Status == "" {
		r.Status = string(out.Status)
	}
	switch out.Status {
	case types.CommandInvocationStatusSuccess:
		r.Ended, r.Well = true, true
	case types.CommandInvocationStatusFailed, types.CommandInvocationStatusTimedOut, types.CommandInvocationStatusCancelled:
		r.Ended = true
	}
	return r, nil
}
