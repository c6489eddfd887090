package ssm

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// runShellScript is the document that there is.
const runShellScript = "AWS-RunShellScript"

// Limits of what a command may ask for.
const (
	maxTargets         = 50
	maxComment         = 100
	minDelivery        = 30
	maxDelivery        = 2592000
	standardDelivery   = 3600
	maxExecution       = 172800
	standardExecution  = 3600
	parameterCommands  = "commands"
	parameterDirectory = "workingDirectory"
	parameterTimeout   = "executionTimeout"
)

// sendCommand takes a command. There is no token: one that is sent twice is two.
func (s *Service) sendCommand(_ context.Context, in *sdk.SendCommandInput) (*sdk.SendCommandOutput, error) {
	execution, err := checkCommand(in)
	if err != nil {
		return nil, err
	}
	for i, id := range in.InstanceIds {
		if slices.Contains(in.InstanceIds[:i], id) {
			return nil, wire.Errorf("DuplicateInstanceId", "Instance IDs must be unique: %s", id)
		}
		if !s.reachable(id) {
			return nil, wire.Errorf("InvalidInstanceId", "Instances [[%s]] not in a valid state for account %s", id, s.acct.ID)
		}
	}
	c := &command{
		id: s.newCommandID(), comment: aws.ToString(in.Comment), parameters: maps.Clone(in.Parameters), asked: s.acct.Now(),
		delivery: time.Duration(aws.ToInt32(in.TimeoutSeconds)) * time.Second, execution: execution,
	}
	if c.delivery == 0 {
		c.delivery = standardDelivery * time.Second
	}
	for _, id := range in.InstanceIds {
		c.invocations = append(c.invocations, &invocation{command: c, instance: id, status: types.CommandInvocationStatusPending, details: "Pending", code: -1})
	}
	s.commands = append(s.commands, c)
	s.begin(c)
	described := c.describe()
	return &sdk.SendCommandOutput{Command: &described}, nil
}

// reachable says whether an instance is one that commands can be sent to: its agent has registered, be it off now or not.
func (s *Service) reachable(id string) bool {
	if s.nodes[id] == nil {
		return false
	}
	i, ok := s.fleet.Instance(id)
	return ok && i.State != launch.ShuttingDown && i.State != launch.Terminated
}

func checkCommand(in *sdk.SendCommandInput) (execution time.Duration, err error) {
	timeout := aws.ToInt32(in.TimeoutSeconds)
	switch {
	case in.DocumentName == nil:
		return 0, required("documentName")
	case len(in.Targets) > 0:
		return 0, validation("Targets is not supported here: use InstanceIds.")
	case len(in.InstanceIds) == 0 || len(in.InstanceIds) > maxTargets:
		return 0, validation("1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length from 1 to %d", maxTargets)
	case len(aws.ToString(in.Comment)) > maxComment:
		return 0, validation("1 validation error detected: Value '%s' at 'comment' failed to satisfy constraint: Member must have length less than or equal to %d", *in.Comment, maxComment)
	case in.TimeoutSeconds != nil && (timeout < minDelivery || timeout > maxDelivery):
		return 0, validation("1 validation error detected: Value '%d' at 'timeoutSeconds' failed to satisfy constraint: Member must have value from %d to %d", timeout, minDelivery, maxDelivery)
	case *in.DocumentName != runShellScript:
		return 0, wire.Errorf("InvalidDocument", "Document with name %s does not exist here: there is %s.", *in.DocumentName, runShellScript)
	}
	for name := range in.Parameters {
		if name != parameterCommands && name != parameterDirectory && name != parameterTimeout {
			return 0, wire.Errorf("InvalidParameters", "%s is not a parameter of %s", name, runShellScript)
		}
	}
	if len(in.Parameters[parameterCommands]) == 0 {
		return 0, wire.Errorf("InvalidParameters", "Parameter %q requires a value.", parameterCommands)
	}
	seconds := standardExecution
	if given := in.Parameters[parameterTimeout]; len(given) > 0 {
		if seconds, err = strconv.Atoi(given[0]); err != nil || len(given) > 1 || seconds < 1 || seconds > maxExecution {
			return 0, wire.Errorf("InvalidParameters", "Parameter %q is not valid: it must be from 1 to %d", parameterTimeout, maxExecution)
		}
	}
	return time.Duration(seconds) * time.Second, nil
}

// newCommandID is a UUID.
func (s *Service) newCommandID() string {
	x := s.acct.Hex(32)
	return strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-")
}

// script is what the document makes of its parameters.
func (c *command) script() string {
	text := strings.Join(c.parameters[parameterCommands], "\n") + "\n"
	if dir := c.parameters[parameterDirectory]; len(dir) > 0 && dir[0] != "" {
		text = "cd '" + strings.ReplaceAll(dir[0], "'", `'\''`) + "' || exit 1\n" + text
	}
	return text
}
