package notify

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// manager is systemd's end of a real socket.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	return conn
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// recorded is a notifier whose messages a test can read; fails makes sending fail.
type recorded struct {
	*Notifier
	log bytes.Buffer

	mu    sync.Mutex
	sent  []string
	fails error
}

func record() *recorded {
	r := &recorded{}
	r.Notifier = New(slog.New(slog.NewTextHandler(&r.log, nil)))
	r.send = func(state string) (bool, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent = append(r.sent, state)
		return r.fails == nil, r.fails
	}
	return r
}

func (r *recorded) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	r.sent = nil
	return sent
}

func TestMessages(t *testing.T) {
	conn := manager(t)
	n := New(slog.New(slog.DiscardHandler))
	n.Status("pulling 3 of 9 layers")
	n.Status("pulling 3 of 9 layers") // not sent again
	n.Status("two\nlines")
	n.Ready()
	n.Reloading()
	n.Extend(90 * time.Second)
	n.Stopping()
	for _, want := range []string{
		"STATUS=pulling 3 of 9 layers", "STATUS=two lines", "READY=1", "RELOADING=1", "EXTEND_TIMEOUT_USEC=90000000", "STOPPING=1",
	} {
		if got := receive(t, conn); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNobodyToNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	var log bytes.Buffer
	n := New(slog.New(slog.NewTextHandler(&log, nil)))
	n.Status("x")
	n.Ready()
	n.Stopping()
	if err := n.Keep(map[string]net.Listener{"public": nil}); err != nil {
		t.Error(err)
	}
	if err := n.Watchdog(t.Context(), NewHeart(time.Second)); err != nil {
		t.Error(err)
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", &log)
	}
}

func TestASocketThatIsGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "none"))
	var log bytes.Buffer
	New(slog.New(slog.NewTextHandler(&log, nil))).Ready()
	if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, `message="READY=1"`) {
		t.Errorf("logged %s", got)
	}
}

func TestKeepExtending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record()
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		r.KeepExtending(ctx)
		want := []string{"EXTEND_TIMEOUT_USEC=30000000", "EXTEND_TIMEOUT_USEC=30000000", "EXTEND_TIMEOUT_USEC=30000000"}
		if diff := cmp.Diff(want, r.take()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHeart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHeart(10 * time.Second)
		after := func(d time.Duration) string {
			time.Sleep(d)
			if err := h.Err(); err != nil {
				return err.Error()
			}
			return ""
		}
		for _, c := range []struct {
			beat func()
			wait time.Duration
			want string
		}{
			{func() {}, 10 * time.Second, ""},
			{func() {}, time.Millisecond, "the agent's loop was last seen 10s ago, due after 10s"},
			{h.Beat, 10 * time.Second, ""},
			{func() {}, 5 * time.Second, "the agent's loop was last seen 15s ago, due after 10s"},
			{func() { h.BeatFor(time.Minute) }, time.Minute, ""},
			{func() {}, time.Second, "the agent's loop was last seen 1m1s ago, due after 1m0s"},
			{func() { h.BeatFor(time.Second) }, 10 * time.Second, ""}, // never less than the bound
			{func() { h.BeatFor(time.Hour); h.Beat() }, 11 * time.Second, "the agent's loop was last seen 11s ago, due after 10s"},
		} {
			c.beat()
			if got := after(c.wait); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		}
	})
}

func TestWatchdogIsFedWhileTheHeartBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := record(), NewHeart(20*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.feed(ctx, h, 30*time.Second) }()
		fed := func(d time.Duration) int {
			time.Sleep(d)
			synctest.Wait()
			return len(r.take())
		}
		for range 6 {
			h.Beat()
			if n := fed(20 * time.Second); n < 2 {
				t.Errorf("fed %d times in 20 s", n)
			}
		}
		if n := fed(time.Hour); n > 0 {
			t.Errorf("fed %d times though the loop hangs", n)
		}
		h.Beat()
		if n := fed(20 * time.Second); n < 1 {
			t.Error("not fed again")
		}
		fed(time.Hour)
		cancel()
		<-done
		if n := strings.Count(r.log.String(), `msg="Not feeding the watchdog" error="the agent's loop was last seen`); n != 2 {
			t.Errorf("said %d times: %s", n, &r.log)
		}
	})
}

// What cannot be sent now may be sent the next time.
func TestWatchdogGoesOnAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record()
		r.fails = errors.New("no buffer space")
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		r.feed(ctx, NewHeart(time.Hour), 30*time.Second)
		if n := len(r.take()); n != 3 {
			t.Errorf("tried %d times", n)
		}
	})
}

func TestWatchdogOfTheUnit(t *testing.T) {
	conn := manager(t)
	t.Setenv("WATCHDOG_USEC", "60000")
	t.Setenv("WATCHDOG_PID", "")
	n := New(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- n.Watchdog(ctx, NewHeart(time.Hour)) }()
	for range 3 {
		if got := receive(t, conn); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}

	t.Setenv("WATCHDOG_PID", "1") // systemd watches another process
	if err := n.Watchdog(t.Context(), NewHeart(time.Hour)); err != nil {
		t.Error(err)
	}
	t.Setenv("WATCHDOG_USEC", "soon")
	if err := n.Watchdog(t.Context(), NewHeart(time.Hour)); err == nil || !strings.HasPrefix(err.Error(), "watchdog: ") {
		t.Errorf("got %v", err)
	}
}
