package command

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/aws/awserr"
)

// recorder is an api that answers what it was given, and keeps what it was asked for.
type recorder struct {
	err     error
	nodes   []types.InstanceInformation
	pages   [][]types.Command
	result  *ssm.GetCommandInvocationOutput
	sent    *ssm.SendCommandOutput
	request *ssm.SendCommandInput
	retryer aws.Retryer // of the call that sends
	calls   int
}

func (r *recorder) DescribeInstanceInformation(_ context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	if f := in.Filters[0]; *f.Key != "InstanceIds" || f.Values[0] != "i-1" {
		return nil, fmt.Errorf("asked for %s %q", *f.Key, f.Values)
	}
	return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: r.nodes}, r.err
}

func (r *recorder) SendCommand(_ context.Context, in *ssm.SendCommandInput, change ...func(*ssm.Options)) (*ssm.SendCommandOutput, error) {
	var o ssm.Options
	for _, c := range change {
		c(&o)
	}
	r.request, r.retryer = in, o.Retryer
	return r.sent, r.err
}

func (r *recorder) ListCommands(context.Context, *ssm.ListCommandsInput, ...func(*ssm.Options)) (*ssm.ListCommandsOutput, error) {
	if r.err != nil {
		return nil, r.err
	}
	out := &ssm.ListCommandsOutput{Commands: r.pages[r.calls]}
	if r.calls++; r.calls < len(r.pages) {
		out.NextToken = aws.String("next")
	}
	return out, nil
}

func (r *recorder) GetCommandInvocation(context.Context, *ssm.GetCommandInvocationInput, ...func(*ssm.Options)) (*ssm.GetCommandInvocationOutput, error) {
	return r.result, r.err
}

func refused(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

func TestOnline(t *testing.T) {
	node := func(id string, status types.PingStatus) types.InstanceInformation {
		return types.InstanceInformation{InstanceId: &id, PingStatus: status}
	}
	for name, c := range map[string]struct {
		nodes []types.InstanceInformation
		want  bool
	}{
		"not there": {nil, false}, "there": {[]types.InstanceInformation{node("i-1", "Online")}, true},
		"lost": {[]types.InstanceInformation{node("i-1", "ConnectionLost")}, false}, "another one": {[]types.InstanceInformation{node("i-2", "Online")}, false},
	} {
		got, err := (&Client{&recorder{nodes: c.nodes}}).Online(t.Context(), "i-1")
		if got != c.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := (&Client{&recorder{err: refused("AccessDeniedException")}}).Online(t.Context(), "i-1"); !errors.Is(err, awserr.ErrDenied) ||
		err.Error() != "ask Systems Manager for instance i-1: no (AccessDeniedException)" {
		t.Errorf("refused: %v", err)
	}
}

func TestSend(t *testing.T) {
	r := &recorder{sent: &ssm.SendCommandOutput{Command: &types.Command{CommandId: aws.String("c-1")}}}
	id, err := (&Client{r}).Send(t.Context(), Request{Instance: "i-1", Note: "n", Script: "true\n", Delivery: time.Minute, Limit: 90*time.Second + 1})
	want := &ssm.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{"i-1"}, Comment: aws.String("n"), TimeoutSeconds: aws.Int32(60),
		Parameters: map[string][]string{"commands": {"true\n"}, "executionTimeout": {"91"}},
	}
	if diff := cmp.Diff(want, r.request, cmpopts.IgnoreUnexported(ssm.SendCommandInput{})); diff != "" || id != "c-1" || err != nil {
		t.Errorf("%s, %v\n%s", id, err, diff)
	}
	if r.retryer == nil || r.retryer.MaxAttempts() != 1 {
		t.Errorf("the SDK sends it again by itself: %v", r.retryer)
	}
	for code, kind := range map[string]error{"InvalidInstanceId": awserr.ErrNotFound, "ThrottlingException": awserr.ErrThrottled, "AccessDeniedException": awserr.ErrDenied} {
		_, err := (&Client{&recorder{err: refused(code)}}).Send(t.Context(), Request{Instance: "i-1"})
		if !errors.Is(err, kind) || err.Error() != "send a command to instance i-1: no ("+code+")" {
			t.Errorf("%s: %v", code, err)
		}
	}
	if _, err := (&Client{&recorder{sent: &ssm.SendCommandOutput{}}}).Send(t.Context(), Request{Instance: "i-1"}); err == nil {
		t.Error("an answer without a command is one")
	}
}

func TestFind(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	command := func(id, note string, after time.Duration) types.Command {
		return types.Command{CommandId: &id, Comment: &note, RequestedDateTime: aws.Time(at.Add(after))}
	}
	r := &recorder{pages: [][]types.Command{
		{command("c-1", "other", time.Hour), command("c-2", "n", 0), {CommandId: aws.String("c-3")}}, {}, {command("c-4", "n", time.Minute), command("c-5", "n", 0)},
	}}
	if id, err := (&Client{r}).Find(t.Context(), "i-1", "n"); id != "c-4" || err != nil {
		t.Errorf("got %s, %v", id, err)
	}
	if id, err := (&Client{&recorder{pages: [][]types.Command{{}}}}).Find(t.Context(), "i-1", "n"); id != "" || err != nil {
		t.Errorf("of none: %s, %v", id, err)
	}
	if id, err := (&Client{&recorder{err: refused("InvalidInstanceId")}}).Find(t.Context(), "i-1", "n"); id != "" || err != nil {
		t.Errorf("of an instance that is not known: %s, %v", id, err)
	}
	if _, err := (&Client{&recorder{err: refused("InternalServerError")}}).Find(t.Context(), "i-1", "n"); !awserr.Transient(err) {
		t.Errorf("refused: %v", err)
	}
}

func TestResult(t *testing.T) {
	for status, want := range map[types.CommandInvocationStatus]Result{
		"Pending": {}, "Delayed": {}, "InProgress": {}, "Cancelling": {}, "Success": {Ended: true, Well: true}, "Failed": {Ended: true}, "TimedOut": {Ended: true}, "Cancelled": {Ended: true},
	} {
		r := &recorder{result: &ssm.GetCommandInvocationOutput{
			Status: status, StatusDetails: aws.String("In Words"), ResponseCode: 3, StandardOutputContent: aws.String("out"), StandardErrorContent: aws.String("err"),
		}}
		want.Status, want.Code, want.Output, want.Errors = "In Words", 3, "out", "err"
		got, err := (&Client{r}).Result(t.Context(), "i-1", "c-1")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", status, err, diff)
		}
	}
	r := &recorder{result: &ssm.GetCommandInvocationOutput{Status: "Pending", ResponseCode: -1}}
	if got, err := (&Client{r}).Result(t.Context(), "i-1", "c-1"); got != (Result{Status: "Pending", Code: -1}) || err != nil {
		t.Errorf("without details: %+v, %v", got, err)
	}
	_, err := (&Client{&recorder{err: refused("InvocationDoesNotExist")}}).Result(t.Context(), "i-1", "c-1")
	if !errors.Is(err, awserr.ErrNotFound) || err.Error() != "ask how command c-1 goes on instance i-1: no (InvocationDoesNotExist)" {
		t.Errorf("one that does not show: %v", err)
	}
}
