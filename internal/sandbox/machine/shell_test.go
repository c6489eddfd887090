package machine_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/machine/machinetest"
)

// TestCommands has Systems Manager run scripts on an instance: one that fails, one that does not end, and one that names its
// own interpreter.
func TestCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, machinetest.Shared(t))
	w.sb.Account.Lock()
	w.sb.EC2.AddInstanceProfile("managed")
	w.sb.Account.Unlock()
	out, err := w.RunInstances(t.Context(), &sdkec2.RunInstancesInput{
		ImageId: &w.image, SubnetId: &w.subnet, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		IamInstanceProfile: &types.IamInstanceProfileSpecification{Name: aws.String("managed")},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := *out.Instances[0].InstanceId
	manager := ssm.NewFromConfig(w.config())
	eventually(t, "its agent has registered", func() bool {
		out, err := manager.DescribeInstanceInformation(t.Context(), &ssm.DescribeInstanceInformationInput{})
		return err == nil && len(out.InstanceInformationList) == 1
	})
	send := func(script, seconds string) string {
		t.Helper()
		out, err := manager.SendCommand(t.Context(), &ssm.SendCommandInput{
			DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{id},
			Parameters: map[string][]string{"commands": {script}, "executionTimeout": {seconds}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return *out.Command.CommandId
	}
	ended := func(command string) (status string) {
		t.Helper()
		eventually(t, "the command has ended", func() bool {
			out, err := manager.GetCommandInvocation(t.Context(), &ssm.GetCommandInvocationInput{CommandId: &command, InstanceId: &id})
			if err != nil || out.Status == "Pending" || out.Status == "InProgress" {
				return false
			}
			status = fmt.Sprintf("%s %d %q %q", *out.StatusDetails, out.ResponseCode, *out.StandardOutputContent, *out.StandardErrorContent)
			return true
		})
		return status
	}
	got := []string{
		ended(send("id -u\necho wrong >&2\nexit 3", "3600")),
		ended(send("touch /begun\nsleep 1000000", "20")),
		ended(send("#!/bin/bash\necho ${BASH_VERSION%%.*}", "3600")),
	}
	want := []string{`Failed 3 "0\n" "wrong\n"`, `Execution Timed Out -1 "" ""`, `Success 0 "5\n" ""`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := w.in(t, id, "ls /begun"); got != "0 /begun" {
		t.Errorf("what took too long never began: %s", got)
	}
	eventually(t, "it is killed", func() bool {
		return w.in(t, id, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[s]leep 1000000' || true") == "0 0"
	})
}
