package agent_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker/dockertest"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/wire"
)

// What is not there at boot is waited for, with an answer to who asks, and used when it comes.
func TestBootWithoutDocker(t *testing.T) {
	w := newWorldOn(t, func(*sandbox.Sandbox) *dockertest.Daemon { return dockertest.Start(t) })
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	w.daemon.Stop(t)
	w.start()
	w.await("a word on Docker", func() bool { return strings.Contains(w.status().Why, "Docker") })
	w.turnsAway()
	w.daemon.Up(t)
	w.awaitReady()
	if got := w.answer("/").Version; got != "v1" {
		t.Errorf("%s serves", got)
	}
}

// An engine that hangs runs no HEALTHCHECK. The app may be well, and serves on if it takes connections.
func TestHealthcheckOfAnEngineThatHangs(t *testing.T) {
	w := newWorldOn(t, func(*sandbox.Sandbox) *dockertest.Daemon { return dockertest.Start(t) })
	w.configure(w.push(dockertest.App{Version: "v1", Healthcheck: true}), "")
	w.edit("port", "probe = \"docker\"\n")
	w.start()
	w.awaitReady()
	w.daemon.Freeze(t)
	defer w.daemon.Thaw(t)
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) { // a verdict is believed for 1.6 s
		if code, body := w.get("/health"); code != http.StatusOK {
			t.Fatalf("/health says %d: %s", code, body)
		}
	}
}

// An app that outlives its engine serves on: the proxy in front of its port, which does not, is in nobody's way but ours.
func TestEngineThatIsGone(t *testing.T) {
	w := newWorldOn(t, func(*sandbox.Sandbox) *dockertest.Daemon {
		return dockertest.Start(t, dockertest.Args("--live-restore"))
	})
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	w.setting("ports", fmt.Sprintf(`["%d:8080"]`, w.port))
	w.start()
	w.awaitReady()
	before := w.one()
	w.daemon.Kill(t)
	w.await("the end of the proxy", func() bool { _, err := w.tryAnswer(); return err != nil })
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) { // three failures take 0.6 s
		if code, body := w.get("/health"); code != http.StatusOK {
			t.Fatalf("/health says %d: %s", code, body)
		}
	}
	w.daemon.Up(t)
	w.await("the engine", func() bool { return w.status().Health.Ready && !strings.Contains(w.status().Why, "Docker") })
	if after := w.one(); after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) {
		t.Errorf("it was touched: %+v, before %+v", after, before)
	}
}

// The metadata service comes late, and goes again while the app serves.
func TestMetadataGoesAndComes(t *testing.T) {
	w := newWorld(t)
	away := w.overhearMetadata(&overheard{})
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	away.Store(true)
	r := w.start()
	w.await("a word on the metadata service", func() bool { return strings.Contains(w.status().Why, "metadata") })
	w.turnsAway()
	away.Store(false)
	w.awaitReady()
	before := w.one()

	away.Store(true)
	w.await("a word that it is gone", func() bool { return strings.Contains(r.log.String(), "what it said last holds") })
	if code, body := w.get("/health"); code != http.StatusOK {
		t.Errorf("/health says %d without a metadata service: %s", code, body)
	}
	r.terminate()
	second := w.start() // goes on without
	w.awaitReady()
	if s := w.status(); s.Instance != w.instance || s.Color != "blue" {
		t.Errorf("it takes itself for %s, %s", s.Instance, s.Color)
	}
	second.terminate()
	away.Store(false)
	w.start()
	w.awaitReady()
	if after := w.one(); after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) {
		t.Errorf("it was touched: %+v, before %+v", after, before)
	}
}

// A role that is new is not known everywhere for a while: what it may not read yet is asked for again soon.
func TestParameterDeniedAtFirst(t *testing.T) {
	w := newWorld(t)
	w.parameter("/shop/image", w.push(dockertest.App{Version: "v1"}), ssmtypes.ParameterTypeString)
	w.sb.Front.Faults.Add(wire.Fault{Service: "ssm", Operation: "GetParameter", Action: wire.ActionError, Code: "AccessDeniedException", Times: 3})
	w.configure("ssm:/shop/image", "")
	r := w.start()
	w.awaitReady()
	if !strings.Contains(r.log.String(), "AccessDenied") {
		t.Error("it was never denied")
	}
}

// Tags come later than the instance. The app's name is waited for, and the colour is found when it is there.
func TestTagsComeLate(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.config())
	tag := func(key, value string) {
		t.Helper()
		_, err := client.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{w.instance}, Tags: []types.Tag{{Key: &key, Value: &value}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.DeleteTags(t.Context(), &ec2.DeleteTagsInput{
		Resources: []string{w.instance}, Tags: []types.Tag{{Key: aws.String("bluegreen:app")}, {Key: aws.String("bluegreen:color")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	w.unset("app")
	w.setting("tags", `["app", "color"]`)
	w.start()
	w.await("a word on the tag", func() bool { return strings.Contains(w.status().Why, "waiting for app") })
	w.turnsAway()
	tag("bluegreen:app", w.app)
	w.awaitReady()
	if s := w.status(); s.App != w.app || s.Color != "" {
		t.Errorf("it takes itself for %s, %s", s.App, s.Color)
	}
	tag("bluegreen:color", "green")
	w.await("the colour", func() bool { return w.status().Color == "green" })
}

// turnsAway checks that load balancers send nobody, and that the agent itself is alive.
func (w *world) turnsAway() {
	w.t.Helper()
	if code, body := w.get("/health"); code != http.StatusServiceUnavailable {
		w.t.Errorf("/health says %d: %s", code, body)
	}
	if code, body := w.get("/live"); code != http.StatusOK {
		w.t.Errorf("it is not alive: %d: %s", code, body)
	}
}

// On a disk that is nearly full, nothing is pulled that could fill it, what serves goes on, and all goes on when there is room.
func TestDiskNearlyFull(t *testing.T) {
	const disk = 512 << 20
	w := newWorldOn(t, func(*sandbox.Sandbox) *dockertest.Daemon { return dockertest.Start(t, dockertest.Disk(disk)) })
	v1, v2 := w.push(dockertest.App{Version: "v1"}), w.push(dockertest.App{Version: "v2", Padding: 40 << 20})
	const room = "[pull]\nmin_free = \"100MiB\"\n"
	w.configure(v1, room)
	first := w.start()
	w.awaitReady()
	first.terminate()

	filler := w.fill(97)
	w.configure(v2, room)
	w.start()
	w.await("a word on the disk", func() bool { return strings.Contains(w.status().Text(), "make room there") })
	w.awaitReady()
	if c := w.one(); c.Labels[owner.LabelImage] != v1 || w.answer("/").Version != "v1" {
		t.Errorf("%s is there", c.Labels[owner.LabelImage])
	}
	if used := w.used(); used < 96 || used > 98 {
		t.Errorf("the disk is %d %% full", used)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.await("v2 alone", func() bool {
		all := w.containers(t.Context())
		return len(all) == 1 && all[0].Labels[owner.LabelImage] == v2 && w.status().Health.Ready
	})
}

// fill has a file take the engine's disk, up to so many percent.
func (w *world) fill(percent uint64) (path string) {
	w.t.Helper()
	path = filepath.Join(w.daemon.Root, "filler")
	f, err := os.Create(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 1<<20); err == nil && w.used() < percent; _, err = f.Write(chunk) {
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return path
}

// used is how full the engine's disk is, in percent.
func (w *world) used() uint64 {
	w.t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(w.daemon.Root, &s); err != nil {
		w.t.Fatal(err)
	}
	return 100 * (s.Blocks - s.Bavail) / s.Blocks
}

// A token that has expired while ECR gives no other is no harm to the app that runs; when ECR does, it is pulled again.
func TestExpiredTokenAndNoOther(t *testing.T) {
	w := newWorldOn(t, withECR(t, &overheard{}))
	image := w.pushToECR(dockertest.App{Version: "v1"}, "live")
	w.configure(image, "[pull]\npatience = \"2s\"\n")
	r := w.start()
	w.awaitReady()
	before := w.one()

	w.sb.Front.Faults.Add(wire.Fault{Service: "ecr", Operation: "GetAuthorizationToken", Action: wire.ActionError, Code: "AccessDeniedException"})
	time.Sleep(2 * time.Millisecond) // tokens are dated in milliseconds
	w.sb.Account.Lock()
	w.sb.Images.ExpireTokens()
	w.sb.Account.Unlock()
	w.pushToECR(dockertest.App{Version: "v2"}, "live")
	r.reload <- syscall.SIGHUP
	w.await("a word on the token", func() bool {
		text := w.status().Text()
		return strings.Contains(text, "it may not be the one asked for") && strings.Contains(text, "token")
	})
	w.awaitReady()
	if after := w.one(); after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) || w.answer("/").Version != "v1" {
		t.Errorf("it was touched: %+v, before %+v", after, before)
	}

	w.sb.Front.Faults.Clear()
	r.reload <- syscall.SIGHUP
	w.await("v2 alone", func() bool {
		all := w.containers(t.Context())
		return len(all) == 1 && all[0].ID != before.ID && w.status().Health.Ready
	})
	if got := w.answer("/").Version; got != "v2" {
		t.Errorf("%s serves", got)
	}
}
