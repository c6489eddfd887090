package sandbox_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
)

// TestRunCommand sends a script to instances that have all that it takes, or not, and looks a while later.
func TestRunCommand(t *testing.T) {
	profile := func(in *sdk.RunInstancesInput) {
		in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("shop")}
	}
	with := func(key, value string) func(*sdk.RunInstancesInput) {
		return func(in *sdk.RunInstancesInput) {
			profile(in)
			in.TagSpecifications = []types.TagSpecification{{ResourceType: "instance", Tags: []types.Tag{{Key: &key, Value: &value}}}}
		}
	}
	for name, c := range map[string]struct {
		change func(*sdk.RunInstancesInput)
		want   string
	}{
		"without a profile":              {func(*sdk.RunInstancesInput) {}, "not registered"},
		"without an agent":               {with(sandbox.ManagedTag, "none"), "not registered"},
		"whose script is in a tag":       {with(ec2.CommandTag, "1s hello"), `Success 0 "hello\n" ""`},
		"whose script is written":        {with("written", "yes"), `Failed 1 "true\n" ""`},
		"that is an app in this process": {profile, fmt.Sprintf(`Failed 127 "" %q`, "an instance that is an app in the sandbox's process has no shell: see the tag sandbox:command\n")},
		"with a tag that says nothing":   {with(sandbox.ManagedTag, "no"), "refused"},
		"with a script that is none":     {with(ec2.CommandTag, "x"), "refused"},
		"that is taken away meanwhile":   {with(ec2.CommandTag, "1s bye | 1s !reclaim"), `In Progress -1 "" ""`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Command: func(m ec2.Machine, script string) ec2.Guest {
					if m.InstanceTags["written"] == "" {
						return nil
					}
					return ec2.Guest{{After: time.Second, Print: script, Do: ec2.Fail}}
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer sb.Close()
				made, err := stack.Build(t.Context(), sb, stack.Spec{})
				if err != nil {
					t.Fatal(err)
				}
				in := &sdk.RunInstancesInput{ImageId: aws.String(made.Images["v1"]), MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}
				c.change(in)
				got := "refused"
				if out, err := sdk.NewFromConfig(config(sb)).RunInstances(t.Context(), in); err == nil {
					got = commanded(t, ssm.NewFromConfig(config(sb)), *out.Instances[0].InstanceId)
				}
				if got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
}

// commanded is what a script comes to that is sent to an instance.
func commanded(t *testing.T, manager *ssm.Client, id string) string {
	t.Helper()
	time.Sleep(time.Minute)
	nodes, err := manager.DescribeInstanceInformation(t.Context(), &ssm.DescribeInstanceInformationInput{})
	if err != nil {
		t.Fatal(err)
	}
	registered := map[string]bool{}
	for _, n := range nodes.InstanceInformationList {
		registered[*n.InstanceId] = true
	}
	sent, err := manager.SendCommand(t.Context(), &ssm.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{id}, Parameters: map[string][]string{"commands": {"true"}},
	})
	if !registered[id] {
		if err == nil {
			t.Error("an instance that has not registered takes commands")
		}
		return "not registered"
	}
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	out, err := manager.GetCommandInvocation(t.Context(), &ssm.GetCommandInvocationInput{CommandId: sent.Command.CommandId, InstanceId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %d %q %q", *out.StatusDetails, out.ResponseCode, *out.StandardOutputContent, *out.StandardErrorContent)
}
