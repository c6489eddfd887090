package agent_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox/wire"
)

// From boot to healthy, with all that an app can be given; then the agent is restarted, and the container is not touched.
func TestBootAndRestart(t *testing.T) {
	w := newWorld(t)
	w.secret("db", `{"user":"shop","password":"`+planted[0]+`"}`)
	w.parameter("/shop/token", planted[1], ssmtypes.ParameterTypeSecureString)
	w.parameter("/shop/registry", planted[2], ssmtypes.ParameterTypeSecureString)
	const version = "org.opencontainers.image.version"
	image := w.push(dockertest.App{Version: "v1", User: "1234:1234", Labels: map[string]string{version: "1.0.0"}})
	w.registry.Require("puller", planted[2])
	w.parameter("/shop/image", image, ssmtypes.ParameterTypeString)
	w.configure("ssm:/shop/image", `
[registry."`+w.registry.Host+`"]
username = "puller"
password = "ssm:/shop/registry"
[secrets.DB_PASSWORD]
from = "secretsmanager:db#password"
[secrets.API_TOKEN]
from = "ssm:/shop/token"
`)
	first := w.start()
	w.awaitReady()

	if got := w.answer("/"); got.Version != "v1" || got.UID != 1234 {
		t.Errorf("the app is %+v", got)
	}
	for file, want := range map[string]string{"DB_PASSWORD": planted[0], "API_TOKEN": planted[1]} {
		if got := w.ask("/read?path=/run/secrets/" + file); got != want {
			t.Errorf("the app reads %q for %s", got, file)
		}
	}
	s := w.status()
	c := w.one()
	if s.Instance != w.instance || s.Color != "blue" || s.Container == nil || s.Container.ID != c.ID || !strings.HasPrefix(s.Image.Digest, "sha256:") {
		t.Errorf("status: %+v", s)
	}
	if s.Version != "1.0.0" || s.Image.Created.IsZero() || !s.Container.Started.Equal(c.StartedAt) {
		t.Errorf("status: version %q, built %s, started %s", s.Version, s.Image.Created, s.Container.Started)
	}
	first.terminate()
	if again := w.one(); again.ID != c.ID || again.State != "running" {
		t.Fatalf("after the agent ended the container is %+v", again)
	}

	w.start()
	w.awaitReady()
	if again := w.one(); again.ID != c.ID || !again.StartedAt.Equal(c.StartedAt) {
		t.Errorf("it was touched: %+v, before %+v", again, c)
	}
	adopted := w.status()
	if adopted.Version != s.Version || !adopted.Image.Created.Equal(s.Image.Created) || !adopted.Container.Started.Equal(c.StartedAt) {
		t.Errorf("after adoption: version %q, built %s, started %s", adopted.Version, adopted.Image.Created, adopted.Container.Started)
	}
}

// A new version takes the old one's place when it is healthy; one that does not get healthy is put back.
func TestReplaceAndPutBack(t *testing.T) {
	w := newWorld(t)
	v1, v2 := w.push(dockertest.App{Version: "v1"}), w.push(dockertest.App{Version: "v2"})
	bad := w.push(dockertest.App{Version: "v3", Env: map[string]string{"APP_HEALTHY_AFTER": "1h"}})
	w.configure(v1, "")
	first := w.start()
	w.awaitReady()
	first.terminate()

	w.configure(v2, "")
	second := w.start()
	w.await("v2 alone", func() bool {
		all := w.containers(t.Context())
		return len(all) == 1 && all[0].Labels[owner.LabelImage] == v2 && w.status().Health.Ready
	})
	if got := w.answer("/").Version; got != "v2" {
		t.Errorf("%s serves", got)
	}
	second.terminate()

	w.configure(bad, "")
	w.setting("start_period", `"2s"`)
	w.start()
	w.await("v2 to be put back", func() bool {
		code, _ := w.get("/health")
		return code == http.StatusOK && slices.ContainsFunc(w.containers(t.Context()), func(c docker.Container) bool {
			return strings.HasSuffix(c.Name, "-failed") && c.State == "exited"
		})
	})
	if got := w.answer("/").Version; got != "v2" {
		t.Errorf("%s serves", got)
	}
}

// An instance whose app cannot be made healthy, or does not stay up, says so to its group, which replaces it.
func TestEscalation(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"unhealthy":  {"APP_UNHEALTHY_AFTER": "3s"},
		"crash loop": {"APP_CRASH_AFTER": "200ms"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(w.push(dockertest.App{Version: "v1", Env: env}), `
[restart]
after = "1s"
cooldown = "1s"
budget = 1
crashes = 2
`)
			w.start()
			groups := autoscaling.NewFromConfig(w.config())
			w.await("the group to take the instance for unhealthy", func() bool {
				out, err := groups.DescribeAutoScalingInstances(t.Context(), &autoscaling.DescribeAutoScalingInstancesInput{InstanceIds: []string{w.instance}})
				if err != nil {
					t.Fatal(err)
				}
				return len(out.AutoScalingInstances) == 0 || *out.AutoScalingInstances[0].HealthStatus != "HEALTHY" ||
					strings.HasPrefix(*out.AutoScalingInstances[0].LifecycleState, "Terminating")
			})
			if all := w.containers(t.Context()); len(all) != 1 {
				t.Errorf("the app has %d containers", len(all))
			}
		})
	}
}

// When the group takes the instance out, clients are turned away at once, the app is stopped when they have left, and only then
// is the group's hook completed.
func TestTermination(t *testing.T) {
	w := newWorld(t)
	groups := autoscaling.NewFromConfig(w.config())
	_, err := groups.PutLifecycleHook(t.Context(), &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: aws.String("shop-blue-asg"), LifecycleHookName: aws.String("bluegreen-drain"),
		LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"), HeartbeatTimeout: aws.Int32(7200), DefaultResult: aws.String("CONTINUE"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	w.start()
	w.awaitReady()
	var mu sync.Mutex
	var order []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(order, what) {
			order = append(order, what)
		}
	}
	look := func() {
		if code, _ := w.get("/health"); code == http.StatusServiceUnavailable {
			note("turned away")
		}
		if all := w.containers(t.Context()); len(all) != 1 {
			t.Errorf("the app has %d containers: %+v", len(all), all)
		} else if all[0].State == "exited" {
			note("stopped")
		}
	}
	stop := w.sb.Front.Calls.Observe(func(c wire.Call) {
		if c.Operation == "CompleteLifecycleAction" && c.Code == "" {
			look() // before the agent has its answer, at what there was before it called
			note("hook completed")
		}
	})
	defer stop()
	_, err = groups.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &w.instance, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.await("the end", func() bool {
		look()
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(order, "hook completed")
	})
	if diff := cmp.Diff([]string{"turned away", "stopped", "hook completed"}, order); diff != "" {
		t.Error(diff)
	}
}

// Without a metadata service, an engine or a registry the agent waits, answers, and says for what.
func TestWaiting(t *testing.T) {
	w := newWorld(t)
	w.configure("127.0.0.1:1/shop:v1", "")
	note := filepath.Join(w.runDir(), "machine.json") // what was said in another boot is of no use
	if err := os.WriteFile(note, []byte(`{"boot":"b-0","instance":"i-0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
	r := w.start()
	w.await("a word on the metadata service", func() bool { return strings.Contains(w.status().Why, "metadata") })
	if code, body := w.get("/health"); code != http.StatusServiceUnavailable || !strings.Contains(body, "starting") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := w.get("/live"); code != http.StatusOK {
		t.Errorf("it is not alive: %d", code)
	}
	r.terminate()
}

// An agent that starts after a secret has changed that it is not to look at leaves the app alone.
func TestRestartAfterRotation(t *testing.T) {
	w := newWorld(t)
	w.parameter("/shop/file", planted[0], ssmtypes.ParameterTypeSecureString)
	w.parameter("/shop/env", planted[0], ssmtypes.ParameterTypeSecureString)
	w.configure(w.push(dockertest.App{Version: "v1"}), `
[secrets.FILE]
from = "ssm:/shop/file"
[secrets.ENV]
from = "ssm:/shop/env"
env = true
`)
	first := w.start()
	w.awaitReady()
	before := w.one()
	first.terminate()
	w.parameter("/shop/file", planted[1], ssmtypes.ParameterTypeSecureString)
	w.parameter("/shop/env", planted[1], ssmtypes.ParameterTypeSecureString)
	w.start()
	w.await("a word on the app", func() bool { return w.status().Phase == serve.Serving })
	if after := w.one(); after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) {
		t.Errorf("it was touched: %+v, before %+v", after, before)
	}
}

// A container that serves on because its successor cannot be made keeps the secrets that it was made for.
func TestSecretsOfTheOneThatStays(t *testing.T) {
	w := newWorld(t)
	w.parameter("/shop/old", planted[0], ssmtypes.ParameterTypeSecureString)
	w.parameter("/shop/new", planted[1], ssmtypes.ParameterTypeSecureString)
	v1, v2 := w.push(dockertest.App{Version: "v1"}), w.push(dockertest.App{Version: "v2"})
	w.configure(v1, "[secrets.OLD]\nfrom = \"ssm:/shop/old\"\n")
	first := w.start()
	w.awaitReady()
	first.terminate()

	const replaced = "[secrets.NEW]\nfrom = \"ssm:/shop/new\"\n"
	w.configure(strings.TrimSuffix(v1, "v1")+"v0", replaced)
	second := w.start()
	w.await("a word on the image", func() bool {
		s := w.status()
		return s.Phase == serve.Serving && strings.Contains(s.Why, "v0")
	})
	if got := w.ask("/read?path=/run/secrets/OLD"); got != planted[0] {
		t.Errorf("the app that stays reads %q", got)
	}
	second.terminate()

	w.configure(v2, replaced)
	w.start()
	w.await("v2 alone", func() bool {
		all := w.containers(t.Context())
		return len(all) == 1 && all[0].Labels[owner.LabelImage] == v2 && w.status().Health.Ready
	})
	w.await("the end of a file that nobody needs", func() bool {
		_, err := os.Stat(filepath.Join(w.runDir(), "secrets", w.app, "OLD"))
		return errors.Is(err, fs.ErrNotExist)
	})
}
