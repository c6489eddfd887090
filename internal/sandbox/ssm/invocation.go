package ssm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/wire"
)

// isoTime is how the times of an invocation are written, which are texts.
const isoTime = "2006-01-02T15:04:05.000Z"

// getCommandInvocation tells how a command went on one instance. What it printed is there when it has ended, and not when its
// time was up.
func (s *Service) getCommandInvocation(_ context.Context, in *sdk.GetCommandInvocationInput) (*sdk.GetCommandInvocationOutput, error) {
	switch {
	case in.CommandId == nil:
		return nil, required("commandId")
	case in.InstanceId == nil:
		return nil, required("instanceId")
	}
	const plugin = "aws:runShellScript"
	i := s.invocation(*in.CommandId, *in.InstanceId)
	if i == nil {
		return nil, wire.Errorf("InvocationDoesNotExist", "An invocation of the command %s on %s does not exist.", *in.CommandId, *in.InstanceId)
	}
	if name := aws.ToString(in.PluginName); name != "" && name != plugin {
		return nil, wire.Errorf("InvalidPluginName", "The plugin %s is not one of %s.", name, runShellScript)
	}
	out := &sdk.GetCommandInvocationOutput{
		CommandId: in.CommandId, InstanceId: in.InstanceId, Comment: aws.String(i.comment), DocumentName: aws.String(runShellScript),
		DocumentVersion: aws.String("$DEFAULT"), PluginName: aws.String(plugin), Status: i.status, StatusDetails: aws.String(i.details),
		ResponseCode: i.code, ExecutionStartDateTime: aws.String(""), ExecutionEndDateTime: aws.String(""), ExecutionElapsedTime: aws.String(""),
		StandardOutputContent: aws.String(i.output), StandardErrorContent: aws.String(i.errors), StandardOutputUrl: aws.String(""), StandardErrorUrl: aws.String(""),
	}
	if !i.started.IsZero() {
		out.ExecutionStartDateTime = aws.String(i.started.Format(isoTime))
	}
	if !i.ended.IsZero() && !i.started.IsZero() {
		out.ExecutionEndDateTime = aws.String(i.ended.Format(isoTime))
		out.ExecutionElapsedTime = aws.String(fmt.Sprintf("PT%.3fS", i.ended.Sub(i.started).Seconds()))
	}
	return out, nil
}

func (s *Service) invocation(id, instance string) *invocation {
	for _, c := range s.commands {
		if c.id != id || !c.shown {
			continue
		}
		for _, i := range c.invocations {
			if i.instance == instance {
				return i
			}
		}
	}
	return nil
}

const maxCommandsPerPage = 50

// keptCommands is how long a command is remembered.
const keptCommands = 30 * 24 * time.Hour

// listCommands lists the newest first.
func (s *Service) listCommands(_ context.Context, in *sdk.ListCommandsInput) (*sdk.ListCommandsOutput, error) {
	if len(in.Filters) > 0 {
		return nil, validation("Filters is not supported here: use CommandId or InstanceId.")
	}
	type numbered struct {
		*command
		number int
	}
	var found []numbered
	for n, c := range slices.Backward(s.commands) {
		on := func(i *invocation) bool { return in.InstanceId == nil || i.instance == *in.InstanceId }
		if c.shown && (in.CommandId == nil || c.id == *in.CommandId) && slices.ContainsFunc(c.invocations, on) && s.acct.Now().Sub(c.asked) < keptCommands {
			found = append(found, numbered{c, n})
		}
	}
	page, next, err := pageOf(found, in.MaxResults, maxCommandsPerPage, in.NextToken, func(c numbered) string {
		return fmt.Sprintf("%010d", math.MaxInt32-c.number) // sorts as text, the newest first
	})
	if err != nil {
		return nil, err
	}
	out := &sdk.ListCommandsOutput{Commands: []types.Command{}, NextToken: next}
	for _, c := range page {
		out.Commands = append(out.Commands, c.describe())
	}
	return out, nil
}
