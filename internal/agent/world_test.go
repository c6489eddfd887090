package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/agent"
	"bluegreen/internal/agent/owner"
	"bluegreen/internal/agent/serve"
	"bluegreen/internal/agent/settings"
	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/stack"
)

// home is that of the compiler; agents have none.
var home = os.Getenv("HOME")

// world is an account with an instance in it, and an engine that stands for the instance's.
type world struct {
	t        testing.TB
	sb       *sandbox.Sandbox
	instance string
	daemon   *dockertest.Daemon
	engine   *docker.Engine
	registry *dockertest.Registry
	dir      string
	app      string // the app's name, and with it the labels of its containers
	port     int    // at which the app is published
}

// planted are texts that must not be seen anywhere.
var planted = []string{"pl4nted-db-passw0rd", "pl4nted-api-t0ken", "pl4nted-registry-passw0rd"}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, func(*sandbox.Sandbox) *dockertest.Daemon { return dockertest.Shared(t) })
}

// newWorldOn is a world in which the instance has an engine of its own.
func newWorldOn(t testing.TB, start func(*sandbox.Sandbox) *dockertest.Daemon) *world {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Account: account.Options{Speed: 300, Seed: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sb.Close)
	if _, err := stack.Build(t.Context(), sb, stack.Spec{BlueOnly: true}); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, sb: sb, dir: t.TempDir(), app: "t" + strings.ToLower(time.Now().Format("150405.000")[7:]) + fmt.Sprint(os.Getpid()), port: freePorts(t)}
	w.daemon = start(sb)
	w.engine = w.daemon.Engine(t)
	w.registry = dockertest.StartRegistry(t)
	w.instance = w.awaitInstance()
	endpoint, err := sb.ServeIMDS(w.instance)
	if err != nil {
		t.Fatal(err)
	}
	dockertest.BuildApp(t, dockertest.App{}) // while the compiler has a home
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": sb.Endpoint(), "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint, "HOME": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
		"AWS_EC2_METADATA_DISABLED": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "NOTIFY_SOCKET": "",
	} {
		t.Setenv(name, value)
	}
	t.Cleanup(w.removeContainers)
	return w
}

func (w *world) removeContainers() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, c := range w.containers(ctx) {
		_ = w.engine.Stop(ctx, c.ID, time.Second)
		if err := w.engine.Remove(ctx, c.ID); err != nil {
			w.t.Errorf("remove %s: %v", c.Name, err)
		}
	}
}

// containers are those of the app, in any state.
func (w *world) containers(ctx context.Context) []docker.Container {
	all, err := w.engine.Containers(ctx, map[string]string{owner.LabelApp: w.app})
	if err != nil {
		w.t.Error(err)
	}
	return all
}

// one is the app's only container.
func (w *world) one() docker.Container {
	w.t.Helper()
	all := w.containers(w.t.Context())
	if len(all) != 1 {
		w.t.Fatalf("the app has %d containers: %+v", len(all), all)
	}
	return all[0]
}

func (w *world) config() aws.Config {
	return aws.Config{Region: w.sb.Account.Region, BaseEndpoint: aws.String(w.sb.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider("AKID", "x", "")}
}

// awaitInstance waits for the first instance of blue to run.
func (w *world) awaitInstance() string {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		out, err := ec2.NewFromConfig(w.config()).DescribeInstances(w.t.Context(), &ec2.DescribeInstancesInput{})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range out.Reservations {
			for _, i := range r.Instances {
				if _, err := w.sb.ServeIMDS(*i.InstanceId); err == nil {
					return *i.InstanceId
				}
			}
		}
	}
	w.t.Fatal("no instance runs")
	return ""
}

// freePorts is the first of three ports in a row that nobody has. They are not among those that the kernel gives to whoever
// connects, so that nobody takes them in the meantime.
func freePorts(t testing.TB) int {
	t.Helper()
	for range 100 {
		first, free := 20000+3*rand.IntN(3000), 0
		for port := first; port < first+3; port++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				break
			}
			_ = l.Close()
			free++
		}
		if free == 3 {
			return first
		}
	}
	t.Fatal("no three ports in a row are free")
	return 0
}

// push puts a version of the app into the registry, and returns its reference.
func (w *world) push(app dockertest.App) string {
	w.t.Helper()
	reference, _ := w.registry.Push(w.t, dockertest.BuildApp(w.t, app), w.app, app.Version)
	return reference
}

func (w *world) parameter(name, value string, kind ssmtypes.ParameterType) {
	w.t.Helper()
	_, err := ssm.NewFromConfig(w.config()).PutParameter(w.t.Context(), &ssm.PutParameterInput{Name: &name, Value: &value, Type: kind, Overwrite: aws.Bool(true)})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) secret(name, value string) {
	w.t.Helper()
	_, err := secretsmanager.NewFromConfig(w.config()).CreateSecret(w.t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	if err != nil {
		w.t.Fatal(err)
	}
}

// running is an agent that runs.
type running struct {
	w      *world
	end    chan os.Signal
	reload chan os.Signal
	done   chan error
	log    *lockedBuffer
	stop   context.CancelFunc
}

// start runs an agent until the test ends.
func (w *world) start() *running {
	w.t.Helper()
	r := &running{w: w, end: make(chan os.Signal, 1), reload: make(chan os.Signal, 1), done: make(chan error, 1), log: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	options := agent.Options{
		Paths:   settings.Paths{File: filepath.Join(w.dir, "agent.toml"), Dir: filepath.Join(w.dir, "agent.d")},
		Version: "test", Docker: w.daemon.Host, RunDir: w.runDir(), Log: slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Terminate: r.end, Reload: r.reload,
	}
	go func() { r.done <- agent.Run(ctx, options) }()
	w.t.Cleanup(func() {
		cancel()
		if err, ok := <-r.done; ok && err != nil {
			w.t.Errorf("the agent ended: %v", err)
		}
		if w.t.Failed() {
			w.t.Log(r.log)
		}
	})
	return r
}

// runDir is a folder on a tmpfs.
func (w *world) runDir() string {
	w.t.Helper()
	dir := filepath.Join("/dev/shm", "bluegreen-"+w.app)
	if err := os.MkdirAll(dir, 0o711); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// terminate ends the agent by a signal and waits until it has ended.
func (r *running) terminate() {
	r.w.t.Helper()
	r.end <- syscall.SIGTERM
	select {
	case err := <-r.done:
		if err != nil {
			r.w.t.Errorf("the agent ended: %v", err)
		}
		close(r.done)
	case <-time.After(time.Minute):
		r.w.t.Fatalf("the agent does not end\n%s", r.log)
	}
}

// get asks the agent's public face.
func (w *world) get(path string) (int, string) {
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", w.port+1, path))
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func (w *world) status() serve.Status {
	w.t.Helper()
	s, err := serve.Ask(w.t.Context(), fmt.Sprintf("127.0.0.1:%d", w.port+2))
	if err != nil {
		return serve.Status{Why: err.Error()}
	}
	return s
}

// await waits for something that is to come.
func (w *world) await(what string, there func() bool) {
	w.t.Helper()
	for end := time.Now().Add(90 * time.Second); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			text, _ := json.MarshalIndent(w.status(), "", " ")
			w.t.Fatalf("%s did not come\n%s", what, text)
		}
	}
}

func (w *world) awaitReady() {
	w.t.Helper()
	w.await("a healthy app", func() bool { code, _ := w.get("/health"); return code == http.StatusOK })
}

// answer is what the app says of itself.
type answer struct {
	Version string
	UID     int
	Env     []string
}

// tryAnswer is what the app says of itself, if it does.
func (w *world) tryAnswer() (a answer, err error) {
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", w.port))
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	return a, json.NewDecoder(response.Body).Decode(&a)
}

func (w *world) answer(path string) (a answer) {
	w.t.Helper()
	body := w.ask(path)
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		w.t.Fatalf("%s: %v in %s", path, err, body)
	}
	return a
}

func (w *world) ask(path string) string {
	w.t.Helper()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", w.port, path))
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
