package aws_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
	sandboxec2 "bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/stack"
)

// kitchen is a world with the clients that make images.
type kitchen struct {
	*world
	b    *aws.Bakery
	ec2  *ec2.Client // somebody else's
	tags map[string]string
}

func inKitchen(t *testing.T, test func(ctx context.Context, t *testing.T, k *kitchen)) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		o := aws.Options{Region: w.Region, HTTP: w.sb.Transport(), Endpoint: "http://sandbox", Credentials: stack.Credentials()}
		b, err := aws.ConnectBakery(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		other := ec2.New(ec2.Options{
			Region: w.Region, BaseEndpoint: sdk.String("http://sandbox"), Credentials: stack.Credentials(), HTTPClient: &http.Client{Transport: w.sb.Transport()},
		})
		test(t.Context(), t, &kitchen{w, b, other, map[string]string{"bluegreen:app": "shop", "amibake:run": "r1"}})
	})
}

func (k *kitchen) launch() instance.Launch {
	return instance.Launch{
		Image: k.made.Images["v1"], Type: "t3.small", Token: "r1-builder", RootDevice: "/dev/xvda", Tags: k.tags, UserData: "#cloud-config\n",
	}
}

// builder runs an instance.
func (k *kitchen) builder(t *testing.T) string {
	t.Helper()
	id, err := k.b.Instances.Run(t.Context(), k.launch())
	if err != nil {
		t.Fatal(err)
	}
	k.until(t, id, instance.Running)
	return id
}

func (k *kitchen) until(t *testing.T, id, state string) instance.Instance {
	t.Helper()
	for deadline := time.Now().Add(time.Hour); ; time.Sleep(time.Second) {
		i, err := k.b.Instances.Get(t.Context(), id)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("waiting for %s to be %s: %+v, %v", id, state, i, err)
		}
		if i.State == state {
			return i
		}
	}
}

// ready waits for an image, and returns how far it was at each look.
func ready(t *testing.T, images *image.Client, id string) (percents []int) {
	t.Helper()
	for deadline := time.Now().Add(time.Hour); ; time.Sleep(5 * time.Second) {
		p, err := images.Progress(t.Context(), id)
		if err != nil || time.Now().After(deadline) || p.Reason != "" {
			t.Fatalf("waiting for %s: %+v, %v", id, p, err)
		}
		percents = append(percents, p.Percent)
		if p.State == image.Available {
			return percents
		}
	}
}

// bake makes an image of a stopped builder.
func (k *kitchen) bake(t *testing.T, name string) string {
	t.Helper()
	id, err := k.b.Images.Create(t.Context(), image.Request{Instance: k.builder(t), Name: name, Description: "d", Tags: k.tags})
	if err != nil {
		t.Fatal(err)
	}
	ready(t, k.b.Images, id)
	return id
}

func TestBuilder(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		k.sb.Account.Lock()
		k.sb.EC2.SetGuest(func(sandboxec2.Machine) sandboxec2.Guest {
			return sandboxec2.Guest{{After: time.Minute, Print: "amibake r1 ready {}"}}
		})
		k.sb.Account.Unlock()
		id := k.builder(t)
		if again, err := k.b.Instances.Run(ctx, k.launch()); again != id || err != nil {
			t.Errorf("the same token runs %s, not %s: %v", again, id, err)
		}
		got, err := k.b.Instances.Get(ctx, id)
		want := instance.Instance{ID: id, State: instance.Running, Image: k.made.Images["v1"], Type: "t3.small", RootDevice: "/dev/xvda", Tags: k.tags}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(instance.Instance{}, "Launched", "PrivateIP")); err != nil || diff != "" || got.Launched.IsZero() {
			t.Errorf("%v %s", err, diff)
		}
		if text, err := k.b.Instances.Console(ctx, id); text != "" || err != nil {
			t.Errorf("the console at first: %q, %v", text, err)
		}
		time.Sleep(2 * time.Minute)
		if text, err := k.b.Instances.Console(ctx, id); text != "amibake r1 ready {}\n" || err != nil {
			t.Errorf("the console: %q, %v", text, err)
		}

		out, err := k.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		raw := out.Reservations[0].Instances[0]
		if o := raw.MetadataOptions; o.HttpTokens != "required" || *o.HttpPutResponseHopLimit != 1 || raw.KeyName != nil {
			t.Errorf("it runs with %+v and key %v", o, raw.KeyName)
		}

		for range 2 { // the second one finds it stopped
			if err := k.b.Instances.Stop(ctx, id); err != nil {
				t.Fatal(err)
			}
			k.until(t, id, instance.Stopped)
		}
		found, err := k.b.Instances.Find(ctx, k.tags)
		if err != nil || len(found) != 1 || found[0].ID != id {
			t.Errorf("found %v, %v", found, err)
		}
		for range 2 {
			if err := k.b.Instances.Terminate(ctx, id); err != nil {
				t.Fatal(err)
			}
			if got := k.until(t, id, instance.Terminated); !got.Ended() || !strings.HasPrefix(got.Reason, "Client.UserInitiatedShutdown") {
				t.Errorf("at the end: %+v", got)
			}
		}
		if found, err := k.b.Instances.Find(ctx, k.tags); err != nil || len(found) > 0 {
			t.Errorf("found %v, %v", found, err)
		}
		if err := k.b.Instances.Terminate(ctx, "i-0123456789abcdef0"); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("terminate nothing: %v", err)
		}
	})
}

func TestNoCapacity(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		k.sb.Account.Lock()
		k.sb.EC2.SetCapacity(0)
		k.sb.Account.Unlock()
		if id, err := k.b.Instances.Run(ctx, k.launch()); id != "" || !errors.Is(err, awserr.ErrNoCapacity) || awserr.Transient(err) {
			t.Errorf("got %s, %v", id, err)
		}
	})
}
