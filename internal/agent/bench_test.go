package agent_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegreen/internal/docker"
	"bluegreen/internal/docker/dockertest"
)

// idle is how long the agent is watched while it has nothing to do.
var idle = flag.Duration("idle", time.Minute, "how long BenchmarkIdle watches the agent")

const rounds = 5

// BenchmarkStart measures from the start of the agent to the first answer of the app, beside what a script does.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b)
	image := w.push(dockertest.App{Version: "v1"})
	w.configure(image, "")
	fmt.Printf("\nfrom the start to the first answer of the app (median of %d)\n", rounds)
	for _, c := range []struct {
		name string
		pull bool
	}{{"image in a local registry", true}, {"image pre-pulled", false}} {
		var script, agent []time.Duration
		for range rounds {
			script = append(script, w.timed(c.pull, image, func() func() { return w.byScript(image, c.pull) }))
			agent = append(agent, w.timed(c.pull, image, func() func() { r := w.start(); return r.terminate }))
		}
		base, took := middle(script), middle(agent)
		verdict := ""
		if took > base+150*time.Millisecond {
			verdict = "  OVER"
		}
		fmt.Printf("  %-26s docker pull && docker run -d %4d ms   the agent %4d ms   %.2f × (%+d ms, at most +150)%s\n", c.name,
			base.Milliseconds(), took.Milliseconds(), float64(took)/float64(base), (took - base).Milliseconds(), verdict)
	}
}

// timed starts the app from nothing and waits for its first answer.
func (w *world) timed(pull bool, image string, begin func() (end func())) time.Duration {
	w.removeContainers()
	if i, err := w.engine.Image(w.t.Context(), image); err == nil && pull {
		for _, name := range slices.Concat(i.RepoTags, i.RepoDigests) {
			_ = w.engine.RemoveImage(w.t.Context(), name) // the last name takes the others along
		}
	}
	start := time.Now()
	end := begin()
	running := false
	for ; ; time.Sleep(20 * time.Millisecond) {
		// Docker's proxy accepts connections before the container has its network; asked too early, it answers a second late.
		if running = running || w.runs(); running && w.answers() {
			break
		}
		if time.Since(start) > time.Minute {
			w.t.Fatal("the app does not answer")
		}
	}
	took := time.Since(start)
	end()
	return took
}

// runs says whether a container runs, be it the script's or the agent's.
func (w *world) runs() bool {
	all, err := w.engine.Containers(w.t.Context(), nil)
	return err == nil && slices.ContainsFunc(all, func(c docker.Container) bool {
		return c.State == docker.Running && strings.HasPrefix(c.Name, w.app)
	})
}

func (w *world) answers() bool {
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/health", w.port))
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// byScript is what user data does.
func (w *world) byScript(image string, pull bool) (end func()) {
	cli := func(args ...string) {
		if out, err := exec.Command("docker", append([]string{"-H", w.daemon.Host}, args...)...).CombinedOutput(); err != nil {
			w.t.Fatalf("docker %s: %v\n%s", args[0], err, out)
		}
	}
	if pull {
		cli("pull", "-q", image)
	}
	cli("run", "-d", "--name", w.app, "-p", fmt.Sprintf("127.0.0.1:%d:8080", w.port), image)
	return func() { cli("rm", "-f", w.app) }
}

// BenchmarkRestart measures from the start of an agent, beside a container that runs, to the first /health that is green.
func BenchmarkRestart(b *testing.B) {
	w := newWorld(b)
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	w.start().terminate()
	var all []time.Duration
	r := w.start()
	w.awaitReady()
	for range rounds {
		r.terminate()
		begun := time.Now()
		r = w.start()
		for code := 0; code != http.StatusOK; code, _ = w.get("/health") {
			time.Sleep(2 * time.Millisecond)
		}
		all = append(all, time.Since(begun))
	}
	took := middle(all)
	fmt.Printf("\n  restart of the agent beside its container: /health is green after %d ms (at most 300)%s\n", took.Milliseconds(), over(took > 300*time.Millisecond))
}

// BenchmarkIdle watches the program, as it is shipped, while it has nothing to do but to probe one container.
func BenchmarkIdle(b *testing.B) {
	w := newWorld(b)
	program := filepath.Join(b.TempDir(), "bluegreen-agent")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "bluegreen/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "HOME="+home)
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the agent: %v\n%s", err, out)
	}
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	for _, key := range []string{"interval", "timeout", "start_period", "poll", "group_poll", "notice"} {
		w.unset(key) // tests are in more of a hurry than the defaults, which are what an instance has
	}
	cmd := exec.Command(program, "run", "--config", filepath.Join(w.dir, "agent.toml"), "--config-dir", filepath.Join(w.dir, "none.d"))
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+w.daemon.Host, "GOMEMLIMIT=96MiB", "GOMAXPROCS=2") // as its unit has it: the runtime makes two of CPUQuota=100%
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	w.awaitReady()
	time.Sleep(10 * time.Second) // until what the start took is over
	before := cpuTime(b, cmd.Process.Pid)
	time.Sleep(*idle)
	share := 100 * (cpuTime(b, cmd.Process.Pid) - before).Seconds() / idle.Seconds()
	rss := residentMB(b, cmd.Process.Pid)
	size, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n  idle for %s: CPU %.2f %% (at most 0.20)%s, RSS %.1f MB (at most 20)%s; the program has %.2f MB (at most 15)%s\n", *idle,
		share, over(share > 0.2), rss, over(rss > 20), float64(size.Size())/1e6, over(size.Size() > 15e6))
}

func over(is bool) string {
	if is {
		return "  OVER"
	}
	return ""
}

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// cpuTime is what a process has used, by /proc.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const user, system, perSecond = 11, 12, 100 // fields after the name; USER_HZ
	ticks := 0
	for _, i := range []int{user, system} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / perSecond
}

func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / 1e6
}
