package ec2

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"bluegreen/internal/sandbox/ec2/launch"
)

const (
	// consoleSize is how much of what an instance has printed is kept.
	consoleSize = 64 << 10
	// postTime is how long after the start of an instance EC2 keeps a copy of its console, for those who do not ask for the
	// latest.
	postTime = 2 * time.Minute
)

// console is what an instance has printed since it was started last, at least the newest of it.
type console struct {
	printed  string
	scripted bool   // what the machine itself prints does not matter
	posted   string // what those see who do not ask for the latest
	at       time.Time
}

// Print prints a line, or several, on an instance's console, as its software would.
func (s *Service) Print(instanceID, text string) {
	i, ok := s.instances.get(instanceID)
	if !ok {
		return
	}
	i.console.scripted = true
	i.console.printed = newest(i.console.printed + strings.TrimSuffix(text, "\n") + "\n")
}

// newest cuts off what is too old to be kept.
func newest(text string) string { return text[max(0, len(text)-consoleSize):] }

// readConsole is what an instance has printed by now. When its software is gone, that is what was read last.
func (s *Service) readConsole(i *instance) string {
	if s.Console != nil && i.stop != nil && !i.console.scripted {
		i.console.printed = newest(s.Console(*i.InstanceId))
	}
	return i.console.printed
}

// post makes the copy of a console that EC2 makes when an instance changes its state.
func (s *Service) post(i *instance) {
	i.console.posted, i.console.at = s.readConsole(i), s.Account.Now()
}

// postLater makes it a while after an instance has started.
func (s *Service) postLater(i *instance) {
	i.posts.Stop()
	i.posts = s.Account.After(postTime, func() {
		if i.state() == launch.Running {
			s.post(i)
		}
	})
}

func (s *Service) getConsoleOutput(_ context.Context, in *sdk.GetConsoleOutputInput) (*sdk.GetConsoleOutputOutput, error) {
	i, err := s.findInstance(aws.ToString(in.InstanceId))
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	text, at := i.console.posted, i.console.at
	if aws.ToBool(in.Latest) {
		text, at = s.readConsole(i), s.Account.Now()
	}
	out := &sdk.GetConsoleOutputOutput{InstanceId: i.InstanceId}
	if text != "" {
		out.Output, out.Timestamp = aws.String(base64.StdEncoding.EncodeToString([]byte(text))), &at
	}
	return out, nil
}
