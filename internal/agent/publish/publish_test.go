package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is all that a publisher meets.
type world struct {
	mu        sync.Mutex
	usage     Usage
	usageErr  error
	hangs     bool // Docker does not answer
	healthy   bool
	restarts  int
	putErr    error
	putHangs  bool
	written   []write
	dropped   int
	measured  int
	log       bytes.Buffer
	started   time.Time
	perSecond time.Duration // CPU time
}

type write struct {
	At        time.Duration // since the start
	Namespace string
	Data      []metrics.Datum
}

func (w *world) options() Options {
	return Options{
		Prefix: "Shops", App: "flask-app", Color: func() string { return "green" }, Cores: 2, Usage: w.ask, Put: w.put, Rand: func() float64 { return .55 },
		Log:      slog.New(slog.NewTextHandler(&w.log, nil)),
		Healthy:  func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.healthy },
		Restarts: func() int { w.mu.Lock(); defer w.mu.Unlock(); return w.restarts },
		Measured: func(Usage) { w.mu.Lock(); defer w.mu.Unlock(); w.measured++ },
		Dropped:  func(n int) { w.mu.Lock(); defer w.mu.Unlock(); w.dropped += n },
	}
}

func (w *world) ask(ctx context.Context) (Usage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hangs {
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		return Usage{}, ctx.Err()
	}
	u := w.usage
	u.CPU += time.Duration(time.Since(w.started).Seconds() * float64(w.perSecond))
	return u, w.usageErr
}

func (w *world) put(ctx context.Context, namespace string, data ...metrics.Datum) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.putHangs {
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		return ctx.Err()
	}
	if w.putErr == nil {
		w.written = append(w.written, write{time.Since(w.started), namespace, data})
	}
	return w.putErr
}

func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// publish runs a test in a bubble beside a publisher. Samples are due each 10 s, and
// writes after 33 s and each minute after that.
func publish(t *testing.T, change func(*Options), test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			usage: Usage{Container: "c1", Memory: 100, MemoryLimit: 400, PIDs: 7}, healthy: true,
			started: time.Now(), perSecond: 500 * time.Millisecond,
		}
		o := w.options()
		if change != nil {
			change(&o)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); New(o).Run(ctx) }()
		defer func() { cancel(); <-done }()
		time.Sleep(time.Second) // off the beat, from here on
		test(t, w)
	})
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// short is a datum on one line: the time since the start is enough.
func (w *world) short(d metrics.Datum) string {
	var dimensions []string
	for _, name := range []string{"Color", "InstanceId"} {
		if value, ok := d.Dimensions[name]; ok {
			dimensions = append(dimensions, name+"="+value)
		}
	}
	return fmt.Sprintf("%v %s %s %s %v", d.Time.Sub(w.started), strings.Join(dimensions, ","), d.Name, d.Unit, *d.Set)
}

// last is what was written last.
func (w *world) last(t *testing.T) (lines []string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.written) == 0 {
		t.Fatal("nothing was written")
	}
	for _, d := range w.written[len(w.written)-1].Data {
		lines = append(lines, w.short(d))
	}
	return lines
}

func expect(t *testing.T, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAMinute(t *testing.T) {
	publish(t, nil, func(t *testing.T, w *world) {
		after(34 * time.Second)        // the first window is over
		expect(t, w.last(t), []string{ // of the samples at 0, 10, 20 and 30 s
			"0s Color=green MemoryUsed Bytes {4 400 100 100}",
			"0s Color=green MemoryUtilization Percent {4 100 25 25}",
			"0s Color=green CPUUtilization Percent {3 75 25 25}", // half a core of two
			"0s Color=green PIDs Count {4 28 7 7}",
			"0s Color=green Healthy Count {4 4 1 1}",
			"0s Color=green Restarts Count {4 0 0 0}",
		})
		w.change(func() { w.usage.Memory, w.restarts = 300, 2 })
		after(20 * time.Second)
		w.change(func() { w.usage.Memory, w.healthy = 200, false })
		after(40 * time.Second)
		expect(t, w.last(t), []string{ // of those at 40, 50 | 60, 70, 80 and 90 s
			"33s Color=green MemoryUsed Bytes {6 1400 200 300}",
			"33s Color=green MemoryUtilization Percent {6 350 50 75}",
			"33s Color=green CPUUtilization Percent {6 150 25 25}",
			"33s Color=green PIDs Count {6 42 7 7}",
			"33s Color=green Healthy Count {6 2 0 1}",
			"33s Color=green Restarts Count {6 2 0 2}",
		})
		if got := w.written[1]; len(w.written) != 2 || got.At != 93*time.Second || got.Namespace != "Shops/flask-app" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestSeriesOfAnInstance(t *testing.T) {
	for _, c := range []struct {
		color, instance string
		want            []string
	}{
		{"blue", "i-0abc", []string{"0s Color=blue Healthy Count {4 4 1 1}", "0s Color=blue,InstanceId=i-0abc Healthy Count {4 4 1 1}"}},
		{"", "", []string{"0s  Healthy Count {4 4 1 1}"}},
	} {
		publish(t, func(o *Options) { o.Color, o.Instance = func() string { return c.color }, c.instance }, func(t *testing.T, w *world) {
			after(34 * time.Second)
			var got []string
			for _, line := range w.last(t) {
				if strings.Contains(line, "Healthy") {
					got = append(got, line)
				}
			}
			expect(t, got, c.want)
		})
	}
}

// Without a limit there is no share of it; without a container there is nothing but the app's health.
func TestWhatThereIsNot(t *testing.T) {
	publish(t, nil, func(t *testing.T, w *world) {
		after(34 * time.Second)
		w.change(func() { w.usage.MemoryLimit = 0 })
		after(60 * time.Second)
		expect(t, w.last(t), []string{
			"33s Color=green MemoryUsed Bytes {6 600 100 100}",
			"33s Color=green CPUUtilization Percent {6 150 25 25}",
			"33s Color=green PIDs Count {6 42 7 7}",
			"33s Color=green Healthy Count {6 6 1 1}",
			"33s Color=green Restarts Count {6 0 0 0}",
		})
		w.change(func() { w.usage, w.perSecond, w.healthy = Usage{}, 0, false })
		after(60 * time.Second)
		expect(t, w.last(t), []string{
			"1m33s Color=green Healthy Count {6 0 0 0}",
			"1m33s Color=green Restarts Count {6 0 0 0}",
		})
	})
}

// CPU time starts over with another container, and with another start of the same one. There is no load of minus something.
func TestCPUTimeThatStartsOver(t *testing.T) {
	publish(t, nil, func(t *testing.T, w *world) {
		after(34 * time.Second)
		w.change(func() { w.usage.Container, w.usage.CPU = "c2", time.Hour })
		after(20 * time.Second)
		w.change(func() { w.usage.CPU = 0 })
		after(40 * time.Second)
		expect(t, w.last(t)[2:3], []string{"33s Color=green CPUUtilization Percent {4 100 25 25}"})
	})
}

// Docker hangs: its numbers are missing, the app's health is not.
func TestDockerHangs(t *testing.T) {
	publish(t, nil, func(t *testing.T, w *world) {
		after(34 * time.Second)
		w.change(func() { w.hangs = true })
		after(5 * time.Minute)
		expect(t, w.last(t), []string{
			"4m35s Color=green Healthy Count {6 6 1 1}",
			"4m35s Color=green Restarts Count {6 0 0 0}",
		})
		w.change(func() { w.hangs = false })
		after(2 * time.Minute)
		if got := w.last(t); len(got) != 6 {
			t.Errorf("got %v", got)
		}
		if n := strings.Count(w.log.String(), `msg="Could not measure the container"`); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}

func TestCloudWatchIsDown(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"refuses": func(w *world) { w.putErr = errors.New("not allowed") },
		"hangs":   func(w *world) { w.putHangs = true },
	} {
		t.Run(name, func(t *testing.T) {
			publish(t, nil, func(t *testing.T, w *world) {
				w.change(func() { fail(w) })
				after(10 * time.Minute)
				if len(w.written) != 0 || w.dropped != 10*6 {
					t.Errorf("%d written, %d values dropped", len(w.written), w.dropped)
				}
				if w.measured < 30 {
					t.Errorf("measured %d times in 10 minutes", w.measured)
				}
				w.change(func() { w.putErr, w.putHangs = nil, false })
				after(2 * time.Minute)
				log := w.log.String()
				if strings.Count(log, `msg="CloudWatch does not take metrics"`) != 1 || strings.Count(log, `msg="CloudWatch takes metrics again"`) != 1 {
					t.Errorf("logged %s", log)
				}
				if len(w.written) != 2 {
					t.Errorf("%d written", len(w.written))
				}
			})
		})
	}
}

func TestOnlyMeasured(t *testing.T) {
	publish(t, func(o *Options) { o.Put = nil }, func(t *testing.T, w *world) {
		after(10 * time.Minute)
		if w.measured != 61 || w.dropped != 0 {
			t.Errorf("measured %d times, %d values dropped", w.measured, w.dropped)
		}
	})
}

// A fleet that was started at once does not write at once.
func TestTheFirstWriteIsAtRandom(t *testing.T) {
	for share, want := range map[float64]time.Duration{.05: 3 * time.Second, .95: 57 * time.Second} {
		publish(t, func(o *Options) { o.Rand = func() float64 { return share } }, func(t *testing.T, w *world) {
			after(3 * time.Minute)
			if got := w.written[0].At; got != want || w.written[1].At != want+time.Minute {
				t.Errorf("first after %v, want %v", got, want)
			}
		})
	}
}

// The agent stops while Docker or CloudWatch hangs: at once, and nothing is said about what was broken off.
func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		hang func(*world)
		when time.Duration
	}{
		"in a measurement": {func(w *world) { w.hangs = true }, 12 * time.Second},
		"in a write":       {func(w *world) { w.putHangs = true }, 34 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{started: time.Now()}
				p := New(w.options())
				c.hang(w)
				ctx, cancel := context.WithTimeout(t.Context(), c.when)
				defer cancel()
				p.Run(ctx)
				if took := time.Since(w.started); took != c.when {
					t.Errorf("stopped after %v", took)
				}
				if got := strings.Count(w.log.String(), "\n"); got > 1 || strings.Contains(w.log.String(), "CloudWatch") {
					t.Errorf("logged %s", &w.log)
				}
			})
		})
	}
}
