package ssm

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/account"
)

// command is one that was sent, to one instance or to several.
type command struct {
	id         string
	comment    string
	parameters map[string][]string
	asked      time.Time
	delivery   time.Duration // within which an agent must have taken it
	execution  time.Duration // within which it must have ended then
	shown      bool          // to those who ask for it
	due        bool          // to be taken by agents

	invocations []*invocation
}

// invocation is a command on one instance.
type invocation struct {
	*command
	instance       string
	status         types.CommandInvocationStatus
	details        string
	code           int32
	started, ended time.Time
	output, errors string
	stop           func() // nil while it does not run
	limit          *account.Timer
}

const (
	shownTime    = time.Second     // until those see a command who ask for it
	deliveryTime = 2 * time.Second // until the agent has it

	// How many characters of each are kept, from the first one on.
	maxOutput = 24000
	maxErrors = 8000
)

func (s *Service) begin(c *command) {
	s.acct.After(shownTime, func() { c.shown = true })
	s.acct.After(deliveryTime, func() {
		c.due = true
		for _, i := range c.invocations {
			s.deliver(i.instance)
		}
	})
	s.acct.After(c.delivery, func() {
		for _, i := range c.invocations {
			if i.status == types.CommandInvocationStatusPending {
				i.end(s.acct.Now(), types.CommandInvocationStatusTimedOut, "Delivery Timed Out")
			}
		}
	})
}

// deliver gives an instance the commands that wait for it, if its agent is there.
func (s *Service) deliver(instanceID string) {
	n := s.nodes[instanceID]
	if n == nil || !n.online {
		return
	}
	for _, c := range s.commands {
		for _, i := range c.invocations {
			if c.due && i.instance == instanceID && i.status == types.CommandInvocationStatusPending {
				s.execute(i)
			}
		}
	}
}

func (s *Service) execute(i *invocation) {
	i.status, i.details, i.started = types.CommandInvocationStatusInProgress, "In Progress", s.acct.Now()
	limit := i.execution
	if on, _ := s.fleet.Instance(i.instance); on.Real {
		limit = time.Duration(float64(limit) * float64(time.Hour) / float64(s.acct.Scaled(time.Hour)))
	}
	i.limit = s.acct.After(limit, func() {
		i.halt()
		i.end(s.acct.Now(), types.CommandInvocationStatusTimedOut, "Execution Timed Out")
	})
	i.stop = s.fleet.Run(i.instance, i.script(), func(r Ran) {
		if i.status != types.CommandInvocationStatusInProgress || i.stop == nil {
			return
		}
		i.output, i.errors, i.code = first(r.Output, maxOutput), first(r.Errors, maxErrors), int32(r.Code)
		i.limit.Stop()
		if r.Code == 0 {
			i.end(s.acct.Now(), types.CommandInvocationStatusSuccess, "Success")
			return
		}
		i.end(s.acct.Now(), types.CommandInvocationStatusFailed, "Failed")
	})
}

// interrupt ends what runs on an instance. Nobody hears of that: the commands stay in progress until their time is up.
func (s *Service) interrupt(instanceID string) {
	for _, c := range s.commands {
		for _, i := range c.invocations {
			if i.instance == instanceID {
				i.halt()
			}
		}
	}
}

func (i *invocation) halt() {
	if i.stop != nil {
		i.stop()
		i.stop = nil
	}
}

func (i *invocation) end(at time.Time, status types.CommandInvocationStatus, details string) {
	i.status, i.details, i.ended, i.stop = status, details, at, nil
}

// first cuts a text off behind a number of characters.
func first(text string, n int) string {
	for at := range text {
		if n--; n < 0 {
			return text[:at]
		}
	}
	return text
}

// describe is the command with all its instances.
func (c *command) describe() types.Command {
	d := types.Command{
		CommandId: aws.String(c.id), DocumentName: aws.String(runShellScript), DocumentVersion: aws.String("$DEFAULT"), Parameters: c.parameters,
		RequestedDateTime: aws.Time(c.asked), ExpiresAfter: aws.Time(c.asked.Add(c.delivery + c.execution)), TimeoutSeconds: aws.Int32(int32(c.delivery / time.Second)),
		MaxConcurrency: aws.String("50"), MaxErrors: aws.String("0"), Targets: []types.Target{}, TargetCount: int32(len(c.invocations)),
		Status: types.CommandStatusPending, StatusDetails: aws.String("Pending"),
	}
	if c.comment != "" {
		d.Comment = aws.String(c.comment)
	}
	worst := -1
	for _, i := range c.invocations {
		d.InstanceIds = append(d.InstanceIds, i.instance)
		switch i.status {
		case types.CommandInvocationStatusSuccess:
			d.CompletedCount++
		case types.CommandInvocationStatusFailed:
			d.CompletedCount++
			d.ErrorCount++
		case types.CommandInvocationStatusTimedOut:
			d.CompletedCount++
			if i.details == "Delivery Timed Out" {
				d.DeliveryTimedOutCount++
			} else {
				d.ErrorCount++
			}
		}
		if weight := weights[i.status]; weight > worst {
			worst, d.Status, d.StatusDetails = weight, types.CommandStatus(i.status), aws.String(i.details)
		}
	}
	if d.CompletedCount > 0 && d.Status == types.CommandStatusPending {
		d.Status, d.StatusDetails = types.CommandStatusInProgress, aws.String("In Progress")
	}
	return d
}

// weights order the states of invocations by how much they say about the command as a whole.
var weights = map[types.CommandInvocationStatus]int{
	types.CommandInvocationStatusSuccess: 0, types.CommandInvocationStatusTimedOut: 1, types.CommandInvocationStatusFailed: 2,
	types.CommandInvocationStatusPending: 3, types.CommandInvocationStatusInProgress: 4,
}
