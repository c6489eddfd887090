package ec2_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/app"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an account with a network and an image, and the SDK's client for its EC2.
type world struct {
	*sdk.Client
	t       *testing.T
	ctx     context.Context
	acct    *account.Account
	fabric  *fabric.Fabric
	service *ec2.Service
	http    *http.Client
	states  []string // "id state" of each change
}

const (
	imageID  = "ami-00000000000000001"
	armImage = "ami-00000000000000002"
	subnetA  = "subnet-0000000000000000a"
	subnetB  = "subnet-0000000000000000b"
	groupID  = "sg-00000000000000001"
	vpcID    = "vpc-00000000000000001"
)

// in runs a test in a world of its own, in a bubble of its own time.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, ctx: t.Context(), acct: account.New(account.Options{}), fabric: fabric.Memory()}
		host := app.NewHost(w.acct, w.fabric)
		w.service = ec2.New(ec2.Options{
			Account: w.acct, Fabric: w.fabric,
			Start: func(m ec2.Machine) (func(), error) {
				return host.Start(app.Machine{InstanceID: m.InstanceID, Addr: m.Addr, ImageTags: m.ImageTags, InstanceTags: m.InstanceTags})
			},
			CheckTag: func(key, value string) error {
				var err error
				switch key {
				case app.BehaviorTag:
					_, err = app.ParseBehavior(value)
				case ec2.ConsoleTag:
					_, err = ec2.ParseGuest(value)
				}
				return err
			},
		})
		w.http = &http.Client{Transport: wire.Transport(wire.NewFront(w.acct, w.service.API()))}
		w.Client = w.in("eu-west-1")
		w.acct.Lock()
		w.furnish()
		w.acct.Unlock()
		test(w)
		w.acct.Close()
		host.Close()
	})
}

// in is a client for a region.
func (w *world) in(region string) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: region, BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), HTTPClient: w.http,
	})
}

func (w *world) furnish() {
	w.service.OnStateChange(func(id, state string) { w.states = append(w.states, id+" "+state) })
	w.service.AddVPC(ec2.VPC{ID: vpcID, CIDR: "10.0.0.0/16", Default: true})
	w.service.AddSubnet(ec2.Subnet{ID: subnetA, VPC: vpcID, Zone: "eu-west-1a", CIDR: "10.0.0.0/24", Tags: map[string]string{"tier": "app"}})
	w.service.AddSubnet(ec2.Subnet{ID: subnetB, VPC: vpcID, Zone: "eu-west-1b", CIDR: "10.0.1.0/24"})
	for n := range 4 {
		w.service.AddSubnet(ec2.Subnet{VPC: vpcID, Zone: "eu-west-1c", CIDR: fmt.Sprintf("10.0.%d.0/24", 2+n)})
	}
	w.service.AddSecurityGroup(ec2.SecurityGroup{ID: groupID, VPC: vpcID, Name: "app", Description: "the app"})
	w.service.AddInstanceProfile("app-profile")
	w.image(ec2.Image{ID: imageID, Name: "app-v1", Tags: map[string]string{"Version": "v1", app.BehaviorTag: "boot=1s"}})
	w.image(ec2.Image{ID: armImage, Name: "arm", Architecture: "arm64", Owner: "amazon"})
}

func (w *world) image(i ec2.Image) {
	w.t.Helper()
	if _, err := w.service.AddImage(i); err != nil {
		w.t.Fatal(err)
	}
}

// must unwraps a reply that should not be an error.
func must[Out any](out Out, err error) func(t *testing.T) Out {
	return func(t *testing.T) Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// code is the error code of a refusal; "" when there was none.
func code(err error) string {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	if err != nil {
		return "not an API error: " + err.Error()
	}
	return ""
}

func (w *world) run(change func(*sdk.RunInstancesInput)) types.Instance {
	w.t.Helper()
	in := request()
	if change != nil {
		change(in)
	}
	return must(w.RunInstances(w.ctx, in))(w.t).Instances[0]
}

func request() *sdk.RunInstancesInput {
	return &sdk.RunInstancesInput{
		ImageId: aws.String(imageID), InstanceType: "t3.micro", SubnetId: aws.String(subnetA),
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	}
}

func (w *world) state(id string) string {
	w.t.Helper()
	out := must(w.DescribeInstances(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{id}}))(w.t)
	return string(out.Reservations[0].Instances[0].State.Name)
}

func tagMap(tags []types.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[*t.Key] = *t.Value
	}
	return m
}

func names(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: aws.String(name), Values: values}}
}

// wait lets seconds of the account's time pass.
func (w *world) wait(seconds int) {
	time.Sleep(time.Duration(seconds) * time.Second)
	synctest.Wait()
}
