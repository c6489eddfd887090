package instance

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/aws/awserr"
)

// recorder is an api that keeps what it was asked for.
type recorder struct {
	pages  [][]types.Reservation
	output string           // of the console, as EC2 has it
	refuse map[string]error // by call
	calls  []string
	inputs []any
}

func (r *recorder) called(in any, format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	r.calls, r.inputs = append(r.calls, call), append(r.inputs, in)
	return r.refuse[call]
}

func (r *recorder) RunInstances(_ context.Context, in *ec2.RunInstancesInput, _ ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error) {
	return &ec2.RunInstancesOutput{Instances: []types.Instance{{InstanceId: aws.String("i-1")}}}, r.called(in, "run")
}

func (r *recorder) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	out := &ec2.DescribeInstancesOutput{}
	if n := len(r.calls); n < len(r.pages) {
		out.Reservations = r.pages[n]
		if n+1 < len(r.pages) {
			out.NextToken = aws.String("next")
		}
	}
	return out, r.called(in, "describe")
}

func (r *recorder) StopInstances(_ context.Context, in *ec2.StopInstancesInput, _ ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error) {
	return &ec2.StopInstancesOutput{}, r.called(in, "stop %s", in.InstanceIds)
}

func (r *recorder) TerminateInstances(_ context.Context, in *ec2.TerminateInstancesInput, _ ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	return &ec2.TerminateInstancesOutput{}, r.called(in, "terminate %s", in.InstanceIds)
}

func (r *recorder) GetConsoleOutput(_ context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	out := &ec2.GetConsoleOutputOutput{}
	if r.output != "" {
		out.Output = &r.output
	}
	return out, r.called(in, "console %s latest=%v", *in.InstanceId, aws.ToBool(in.Latest))
}

func refused(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

var ofSDK = cmp.FilterPath(func(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && field.Name() == "noSmithyDocumentSerde"
}, cmp.Ignore())

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, ofSDK, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// request is what a launch without wishes asks for.
func request(change func(*ec2.RunInstancesInput)) *ec2.RunInstancesInput {
	in := &ec2.RunInstancesInput{
		ImageId: aws.String("ami-1"), InstanceType: "t3.small", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		InstanceInitiatedShutdownBehavior: "terminate",
		MetadataOptions: &types.InstanceMetadataOptionsRequest{
			HttpEndpoint: "enabled", HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(1),
		},
		BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{VolumeType: "gp3", Encrypted: aws.Bool(true), DeleteOnTermination: aws.Bool(true)},
		}},
	}
	change(in)
	return in
}

func TestRun(t *testing.T) {
	tags := []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	for name, c := range map[string]struct {
		launch Launch
		want   *ec2.RunInstancesInput
	}{
		"nothing special": {Launch{}, request(func(*ec2.RunInstancesInput) {})},
		"everything": {
			Launch{
				Subnet: "subnet-1", SecurityGroups: []string{"sg-1"}, Profile: "builder", UserData: "#cloud-config\n\x00", Token: "r-builder", VolumeGiB: 12,
				KMSKey: "alias/disks", HopLimit: 2, Tags: map[string]string{"k": "v"},
			},
			request(func(in *ec2.RunInstancesInput) {
				in.SubnetId, in.SecurityGroupIds, in.ClientToken = aws.String("subnet-1"), []string{"sg-1"}, aws.String("r-builder")
				in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("builder")}
				in.UserData = aws.String("I2Nsb3VkLWNvbmZpZwoA")
				in.MetadataOptions.HttpPutResponseHopLimit = aws.Int32(2)
				in.BlockDeviceMappings[0].Ebs.KmsKeyId, in.BlockDeviceMappings[0].Ebs.VolumeSize = aws.String("alias/disks"), aws.Int32(12)
				in.TagSpecifications = []types.TagSpecification{{ResourceType: "instance", Tags: tags}, {ResourceType: "volume", Tags: tags}}
			}),
		},
		"spare capacity": {
			Launch{Spot: true, Tags: map[string]string{"k": "v"}},
			request(func(in *ec2.RunInstancesInput) {
				in.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{
					MarketType: "spot", SpotOptions: &types.SpotMarketOptions{SpotInstanceType: "one-time", InstanceInterruptionBehavior: "terminate"},
				}
				for _, kind := range []types.ResourceType{"instance", "volume", "spot-instances-request"} {
					in.TagSpecifications = append(in.TagSpecifications, types.TagSpecification{ResourceType: kind, Tags: tags})
				}
			}),
		},
	} {
		c.launch.Image, c.launch.Type, c.launch.RootDevice = "ami-1", "t3.small", "/dev/sda1"
		r := &recorder{}
		id, err := (&Client{r}).Run(t.Context(), c.launch)
		if id != "i-1" || err != nil {
			t.Errorf("%s: %s, %v", name, id, err)
		}
		check(t, name, []any{c.want}, r.inputs)
	}
}

func TestRunFails(t *testing.T) {
	for code, kind := range map[string]error{
		"InsufficientInstanceCapacity": awserr.ErrNoCapacity, "SpotMaxPriceTooLow": awserr.ErrNoCapacity, "MaxSpotInstanceCountExceeded": awserr.ErrNoCapacity,
		"VcpuLimitExceeded": awserr.ErrNoCapacity, "InvalidAMIID.NotFound": awserr.ErrNotFound, "RequestLimitExceeded": awserr.ErrThrottled,
		"UnauthorizedOperation": awserr.ErrDenied, "RequestExpired": awserr.ErrDenied,
	} {
		_, err := (&Client{&recorder{refuse: map[string]error{"run": refused(code)}}}).Run(t.Context(), Launch{Image: "ami-1"})
		if !errors.Is(err, kind) || text(err) != "launch an instance of ami-1: no ("+code+")" {
			t.Errorf("%s: %v", code, err)
		}
	}
	r := &recorder{}
	if _, err := (&Client{r}).Run(t.Context(), Launch{Image: "ami-1", UserData: strings.Repeat("x", MaxUserData)}); err != nil {
		t.Errorf("the longest user data: %v", err)
	}
	_, err := (&Client{r}).Run(t.Context(), Launch{Image: "ami-1", UserData: strings.Repeat("x", MaxUserData+1)})
	if text(err) != "launch an instance of ami-1: its user data has 16385 bytes, and may have 16384" || len(r.calls) != 1 {
		t.Errorf("user data that is too long: %v, %v", err, r.calls)
	}
}

func TestGetAndFind(t *testing.T) {
	launched := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sdk := types.Instance{
		InstanceId: aws.String("i-1"), ImageId: aws.String("ami-1"), InstanceType: "t3.small", PrivateIpAddress: aws.String("10.0.0.1"), RootDeviceName: aws.String("/dev/sda1"),
		State: &types.InstanceState{Name: "terminated"}, StateTransitionReason: aws.String("User initiated (2026-01-02 03:05:00 GMT)"), LaunchTime: &launched,
		StateReason:       &types.StateReason{Message: aws.String("Server.SpotInstanceTermination: Spot instance termination")},
		InstanceLifecycle: "spot", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}
	want := Instance{
		ID: "i-1", State: Terminated, Reason: "Server.SpotInstanceTermination: Spot instance termination", Image: "ami-1", Type: "t3.small", PrivateIP: "10.0.0.1",
		RootDevice: "/dev/sda1", Spot: true, Launched: launched, Tags: map[string]string{"k": "v"},
	}
	got, err := (&Client{&recorder{pages: [][]types.Reservation{{{Instances: []types.Instance{sdk}}}}}}).Get(t.Context(), "i-1")
	check(t, "an instance", want, got)
	if err != nil || !got.Ended() {
		t.Errorf("%v, %v", got, err)
	}
	sdk.StateReason = nil
	if got := fromSDK(sdk).Reason; got != "User initiated (2026-01-02 03:05:00 GMT)" {
		t.Errorf("another reason: %s", got)
	}
	for what, r := range map[string]*recorder{"says": {refuse: map[string]error{"describe": refused("InvalidInstanceID.NotFound")}}, "shows nothing": {}} {
		if _, err := (&Client{r}).Get(t.Context(), "i-1"); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("EC2 %s: %v", what, err)
		}
	}

	named := func(id string) types.Instance { return types.Instance{InstanceId: &id} }
	r := &recorder{pages: [][]types.Reservation{{{Instances: []types.Instance{named("i-1"), named("i-2")}}, {Instances: []types.Instance{named("i-3")}}}, {}, {{Instances: []types.Instance{named("i-4")}}}}}
	found, err := (&Client{r}).Find(t.Context(), map[string]string{"k": "v"})
	var ids []string
	for _, i := range found {
		ids = append(ids, i.ID)
	}
	if !slices.Equal(ids, []string{"i-1", "i-2", "i-3", "i-4"}) || err != nil {
		t.Errorf("found %v, %v", ids, err)
	}
	check(t, "what it asks for", []types.Filter{
		{Name: aws.String("tag:k"), Values: []string{"v"}},
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped", "shutting-down"}},
	}, r.inputs[0].(*ec2.DescribeInstancesInput).Filters)
}

func TestTerminate(t *testing.T) {
	for name, c := range map[string]struct {
		ids    []string
		refuse map[string]error
		calls  []string
		text   string
		kind   error
	}{
		"none":        {},
		"two at once": {ids: []string{"i-1", "i-2"}, calls: []string{"terminate [i-1 i-2]"}},
		"one of which is unknown": {
			ids: []string{"i-1", "i-2"}, refuse: map[string]error{"terminate [i-1 i-2]": refused("InvalidInstanceID.NotFound"), "terminate [i-1]": refused("InvalidInstanceID.NotFound")},
			calls: []string{"terminate [i-1 i-2]", "terminate [i-1]", "terminate [i-2]"}, text: "terminate instance i-1: no (InvalidInstanceID.NotFound)", kind: awserr.ErrNotFound,
		},
		"one of which is protected": {
			ids: []string{"i-1", "i-2"}, refuse: map[string]error{"terminate [i-1 i-2]": refused("OperationNotPermitted"), "terminate [i-2]": refused("OperationNotPermitted")},
			calls: []string{"terminate [i-1 i-2]", "terminate [i-1]", "terminate [i-2]"}, text: "terminate instance i-2: no (OperationNotPermitted)", kind: awserr.ErrProtected,
		},
		"when throttled": {
			ids: []string{"i-1", "i-2"}, refuse: map[string]error{"terminate [i-1 i-2]": refused("RequestLimitExceeded")},
			calls: []string{"terminate [i-1 i-2]"}, text: "terminate instance i-1: no (RequestLimitExceeded)", kind: awserr.ErrThrottled,
		},
	} {
		r := &recorder{refuse: c.refuse}
		err := (&Client{r}).Terminate(t.Context(), c.ids...)
		if text(err) != c.text || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
		check(t, name, c.calls, r.calls)
	}
}

func TestConsole(t *testing.T) {
	const latest, old = "console i-1 latest=true", "console i-1 latest=false"
	for name, c := range map[string]struct {
		output string
		refuse map[string]error
		want   string
		calls  []string
		text   string
	}{
		"nothing yet": {calls: []string{latest}},
		"a text":      {output: base64.StdEncoding.EncodeToString([]byte("boot\r\n\xff")), want: "boot\r\n\xff", calls: []string{latest}},
		"a type whose console is not live": {
			output: "Ym9vdA==", refuse: map[string]error{latest: refused("UnsupportedOperation")}, want: "boot", calls: []string{latest, old},
		},
		"no such instance": {
			refuse: map[string]error{latest: refused("InvalidInstanceID.NotFound")}, calls: []string{latest},
			text: "read the console of instance i-1: no (InvalidInstanceID.NotFound)",
		},
		"no text": {output: "?", calls: []string{latest}, text: "read the console of instance i-1: illegal base64 data at input byte 0"},
	} {
		r := &recorder{output: c.output, refuse: c.refuse}
		got, err := (&Client{r}).Console(t.Context(), "i-1")
		if got != c.want || text(err) != c.text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		check(t, name, c.calls, r.calls)
	}
}
