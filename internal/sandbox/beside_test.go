package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	metadata "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/ecr"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/imds"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config is how the SDK's clients reach a sandbox of this process.
func config(sb *sandbox.Sandbox) aws.Config {
	return aws.Config{
		Region: sb.Account.Region, BaseEndpoint: aws.String("http://sandbox"), Credentials: stack.Credentials(),
		HTTPClient: &http.Client{Transport: sb.Transport()},
	}
}

// inBubble runs a test on a ready-made account in a bubble of its own time.
func inBubble(t *testing.T, spec stack.Spec, test func(t *testing.T, sb *sandbox.Sandbox)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory()})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		if _, err := stack.Build(t.Context(), sb, spec); err != nil {
			t.Fatal(err)
		}
		test(t, sb)
	})
}

// members are the ids of blue's instances by lifecycle state, oldest first.
func members(t *testing.T, sb *sandbox.Sandbox) map[string][]string {
	t.Helper()
	out, err := autoscaling.NewFromConfig(config(sb)).DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{"shop-blue-asg"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]string{}
	for _, i := range out.AutoScalingGroups[0].Instances {
		ids[string(i.LifecycleState)] = append(ids[string(i.LifecycleState)], *i.InstanceId)
	}
	return ids
}

// reader reads the metadata of an instance over the sandbox's network, as programs on it do.
func reader(t *testing.T, sb *sandbox.Sandbox, id string) func(path string) string {
	t.Helper()
	endpoint, err := sb.ServeIMDS(id)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: sb.Fabric.DialContext, DisableKeepAlives: true}
	client := metadata.New(metadata.Options{
		Endpoint: endpoint, EnableFallback: aws.FalseTernary, Retryer: aws.NopRetryer{}, HTTPClient: &http.Client{Transport: transport},
	})
	return func(path string) string {
		out, err := client.GetMetadata(t.Context(), &metadata.GetMetadataInput{Path: path})
		if err != nil {
			var status interface{ HTTPStatusCode() int }
			if errors.As(err, &status) {
				return fmt.Sprint(status.HTTPStatusCode())
			}
			return "unreachable"
		}
		text, err := io.ReadAll(out.Content)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// TestInstanceSeesItsLife follows an instance from its launch to its end, with its own eyes.
func TestInstanceSeesItsLife(t *testing.T) {
	inBubble(t, stack.Spec{HookSeconds: 60, Blue: stack.Size{Max: 4, Desired: 1}}, func(t *testing.T, sb *sandbox.Sandbox) {
		time.Sleep(10 * time.Second)
		id := members(t, sb)["Pending:Wait"][0]
		read := reader(t, sb, id)
		const target = "autoscaling/target-lifecycle-state"
		if got := read(target); got != "InService" {
			t.Errorf("while it is held: %s", got)
		}
		for path, want := range map[string]string{
			"instance-id": id, "tags/instance/aws:autoscaling:groupName": "shop-blue-asg", "tags/instance/bluegreen:color": "blue",
			"iam/security-credentials/": "shop", "placement/region": "eu-west-1", "spot/instance-action": "404",
		} {
			if got := read(path); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
		time.Sleep(2 * time.Minute)
		asg := autoscaling.NewFromConfig(config(sb))
		if _, err := asg.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
			AutoScalingGroupName: aws.String("shop-blue-asg"), DesiredCapacity: aws.Int32(0),
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if got := members(t, sb)["Terminating"]; len(got) != 1 || read(target) != "Terminated" {
			t.Errorf("while it drains (%v): %s", got, read(target))
		}
		time.Sleep(10 * time.Minute)
		if got := read(target); got != "unreachable" {
			t.Errorf("after its end: %s", got)
		}
		if _, err := sb.ServeIMDS(id); err == nil {
			t.Error("a terminated instance has a metadata service")
		}
	})
}

// TestSpotInterruptionIsReplaced sends a notice to an instance of a group.
func TestSpotInterruptionIsReplaced(t *testing.T) {
	inBubble(t, stack.Spec{Blue: stack.Size{Max: 4, Desired: 1}}, func(t *testing.T, sb *sandbox.Sandbox) {
		time.Sleep(time.Minute)
		id := members(t, sb)["InService"][0]
		read := reader(t, sb, id)
		sb.Account.Lock()
		err := sb.Metadata.InterruptSpot(id, imds.Terminate, 2*time.Minute)
		sb.Account.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if got := read("spot/instance-action"); !strings.Contains(got, `"action": "terminate"`) {
			t.Errorf("notice %s", got)
		}
		time.Sleep(4 * time.Minute)
		if now := members(t, sb)["InService"]; len(now) != 1 || now[0] == id {
			t.Errorf("in service: %v, after %s was interrupted", now, id)
		}
	})
}

// A sandbox that ends takes what stands beside the APIs with it, even while somebody waits for it.
func TestCloseEndsWhatStandsBeside(t *testing.T) {
	inBubble(t, stack.Spec{}, func(t *testing.T, sb *sandbox.Sandbox) {
		time.Sleep(time.Minute)
		sb.Front.Faults.Add(wire.Fault{Service: "imds", Operation: "instance-id", Action: wire.ActionStall})
		read := reader(t, sb, members(t, sb)["InService"][0])
		go func() { read("instance-id") }()
		if _, err := sb.ServeRegistry(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	})
}

func TestSecretsAreServed(t *testing.T) {
	inBubble(t, stack.Spec{}, func(t *testing.T, sb *sandbox.Sandbox) {
		c := secretsmanager.NewFromConfig(config(sb))
		if _, err := c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("shop/db"), SecretString: aws.String("s3cret")}); err != nil {
			t.Fatal(err)
		}
		got, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("shop/db")})
		if err != nil || *got.SecretString != "s3cret" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// TestRegistryIsServed reaches it on real sockets: by its real name with TLS, and plainly by address.
func TestRegistryIsServed(t *testing.T) {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	at, err := sb.ServeRegistry()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sb.ServeRegistry(); again != at || err != nil {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	if os.Geteuid() == 0 && at.TLS.Port() != sandbox.RegistryPort {
		t.Errorf("the superuser's registry is on port %d", at.TLS.Port())
	}
	sb.Account.Lock()
	password, _ := sb.Images.Token()
	sb.Account.Unlock()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(sb.CAPEM())
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return sb.Fabric.DialContext(ctx, network, at.TLS.String())
		},
	}}
	defer client.CloseIdleConnections()
	ping := func(c *http.Client, url, password string) (int, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if password != "" {
			r.SetBasicAuth(ecr.User, password)
		}
		reply, err := c.Do(r)
		if err != nil {
			return 0, err
		}
		return reply.StatusCode, reply.Body.Close()
	}
	plain := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for name, c := range map[string]struct {
		client        *http.Client
		url, password string
		want          int
	}{
		"by name":            {client, "https://" + at.Host + "/v2/", password, 200},
		"by name, no token":  {client, "https://" + at.Host + "/v2/", "", 401},
		"plainly":            {plain, "http://" + at.Plain.String() + "/v2/", password, 200},
		"plainly, no token":  {plain, "http://" + at.Plain.String() + "/v2/", "", 401},
		"plainly, forged":    {plain, "http://" + at.Plain.String() + "/v2/", "forged", 400},
		"a repository of no": {plain, "http://" + at.Plain.String() + "/v2/shop/tags/list", password, 404},
	} {
		got, err := ping(c.client, c.url, c.password)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
