package app

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/fabric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a host with one machine, and a client that opens a connection for every request.
type bench struct {
	t      *testing.T
	acct   *account.Account
	host   *Host
	addr   netip.Addr
	client *http.Client
	stop   func()
}

func start(t *testing.T, f *fabric.Fabric, o account.Options, behavior string) *bench {
	t.Helper()
	b := &bench{t: t, acct: account.New(o), addr: f.Next(fabric.Instances)}
	b.host = NewHost(b.acct, f)
	b.client = &http.Client{Transport: &http.Transport{DialContext: f.DialContext, DisableKeepAlives: true}}
	b.acct.Lock()
	defer b.acct.Unlock()
	var err error
	b.stop, err = b.host.Start(Machine{
		InstanceID: "i-1", Addr: b.addr,
		ImageTags:    map[string]string{BehaviorTag: behavior, VersionTag: "v7"},
		InstanceTags: map[string]string{ColorTag: "green"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.acct.Close()
		b.host.Close()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// get gives the status of a path, 0 when nothing listens.
func (b *bench) get(path string) int {
	b.t.Helper()
	reply, err := b.client.Get(fmt.Sprintf("http://%s:8000%s", b.addr, path))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return 0
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	return reply.StatusCode
}

func TestAnswersWithVersionAndInstance(t *testing.T) {
	loopback, err := fabric.Loopback()
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, loopback, account.Options{Speed: 1000}, "")
	for deadline := time.Now().Add(10 * time.Second); b.get("/health") == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the app does not listen")
		}
	}
	reply, err := b.client.Post(fmt.Sprintf("http://%s:8000/any/path", b.addr), "text/plain", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	type seen struct{ Status, Version, Color, Instance, Body string }
	got := seen{reply.Status, reply.Header.Get(VersionHeader), reply.Header.Get(ColorHeader), reply.Header.Get(InstanceHeader), string(body)}
	want := seen{"200 OK", "v7", "green", "i-1", `{"version":"v7","color":"green","instance":"i-1","status":200}` + "\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}

// TestBehaviors looks at an app at several ages.
func TestBehaviors(t *testing.T) {
	type look struct {
		At     time.Duration
		Path   string
		Status int
		Took   time.Duration
	}
	for behavior, want := range map[string][]look{
		"":                          {{0, "/", 0, 0}, {1999 * time.Millisecond, "/", 0, 0}, {2001 * time.Millisecond, "/", 200, 0}, {3 * time.Second, "/health", 200, 0}},
		"boot=5s":                   {{4 * time.Second, "/", 0, 0}, {6 * time.Second, "/", 200, 0}},
		"unhealthy":                 {{3 * time.Second, "/", 200, 0}, {3 * time.Second, "/health", 503, 0}},
		"health=/up unhealthy":      {{3 * time.Second, "/health", 200, 0}, {3 * time.Second, "/up", 503, 0}},
		"errors=1":                  {{3 * time.Second, "/", 500, 0}, {3 * time.Second, "/health", 200, 0}},
		"errors=1 errors-after=30s": {{31 * time.Second, "/", 200, 0}, {33 * time.Second, "/", 500, 0}},
		"latency=200ms":             {{3 * time.Second, "/", 200, 200 * time.Millisecond}, {4 * time.Second, "/health", 200, 0}},
		"slow-start=20s latency=1ms": {
			{2 * time.Second, "/", 200, SlowStartPeak + time.Millisecond},
			{12 * time.Second, "/", 200, SlowStartPeak/2 + time.Millisecond},
			{23 * time.Second, "/", 200, time.Millisecond},
		},
		"crash-loop=10s": {
			{3 * time.Second, "/", 200, 0}, {13 * time.Second, "/", 0, 0}, {15 * time.Second, "/", 200, 0}, {25 * time.Second, "/", 0, 0},
		},
	} {
		t.Run(behavior, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				born := time.Now()
				b := start(t, fabric.Memory(), account.Options{}, behavior)
				var got []look
				for _, l := range want {
					time.Sleep(time.Until(born.Add(l.At)))
					synctest.Wait()
					asked := time.Now()
					got = append(got, look{l.At, l.Path, b.get(l.Path), time.Since(asked)})
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestShareOfErrorsFollowsTheSeed(t *testing.T) {
	failures := func(seed uint64) (statuses []int, failed int) {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, fabric.Memory(), account.Options{Seed: seed}, "errors=0.3")
			time.Sleep(3 * time.Second)
			for range 500 {
				status := b.get("/")
				statuses = append(statuses, status)
				if status == 500 {
					failed++
				}
			}
		})
		return statuses, failed
	}
	first, failed := failures(1)
	if failed < 100 || failed > 200 {
		t.Errorf("%d of 500 requests failed, want about 150", failed)
	}
	if again, _ := failures(1); !cmp.Equal(first, again) {
		t.Error("the same seed gave other failures")
	}
	if other, _ := failures(2); cmp.Equal(first, other) {
		t.Error("another seed gave the same failures")
	}
}

func TestStopBreaksConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, fabric.Memory(), account.Options{}, "latency=10s")
		time.Sleep(3 * time.Second)
		failed := make(chan error, 1)
		go func() {
			reply, err := b.client.Get(fmt.Sprintf("http://%s:8000/", b.addr))
			if err == nil {
				_ = reply.Body.Close()
			}
			failed <- err
		}()
		time.Sleep(time.Second)
		b.acct.Lock()
		b.stop()
		b.acct.Unlock()
		if err := <-failed; err == nil {
			t.Error("a request outlived its instance")
		}
		if status := b.get("/"); status != 0 {
			t.Errorf("the stopped app answered %d", status)
		}
	})
}

func TestMachineWithBadTagDoesNotStart(t *testing.T) {
	acct := account.New(account.Options{})
	defer acct.Close()
	host := NewHost(acct, fabric.Memory())
	acct.Lock()
	defer acct.Unlock()
	_, err := host.Start(Machine{InstanceID: "i-1", ImageTags: map[string]string{BehaviorTag: "port=x"}})
	want := `start the app of i-1: behavior "port=x": port=x: not a port between 1 and 65535, e.g. port=8000`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
