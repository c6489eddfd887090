package bake_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"bluegreen/internal/bake"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/event"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/account"
)

// latency is how long each call takes in these measurements.
const latency = 50 * time.Millisecond

// timed is an account in real time, whose own delays are next to nothing.
func timed(b *testing.B, more string) *world {
	b.Helper()
	w := &world{t: b, over: make(chan struct{})}
	sb, err := sandbox.New(sandbox.Options{Account: account.Options{Speed: 3000}, Guest: w.guest})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(sb.Close)
	w.furnish(sb, more)
	return w
}

// measure does something with every call taking its time, and counts the calls.
func (w *world) measure(do func(*bake.Bakery) error) (wall time.Duration, calls int) {
	w.t.Helper()
	s, err := settings.Load(w.file)
	if err != nil {
		w.t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	b := &bake.Bakery{Settings: s, Cloud: w.reach(w.sb.Endpoint(), transport), Report: event.Silent{}, Owner: "bench", Poll: latency}
	w.sb.Front.Latency.Set("", "", latency)
	defer w.sb.Front.Latency.Clear()
	before := w.sb.Front.Calls.Count()
	begun := time.Now()
	if err := do(b); err != nil {
		w.t.Fatal(err)
	}
	return time.Since(begun), int(w.sb.Front.Calls.Count() - before)
}

// BenchmarkNothingToBake measures what cron does every hour: the base AMI and the image side by side, then the AMI of their key,
// then the metric.
func BenchmarkNothingToBake(b *testing.B) {
	w := timed(b, "")
	ctx := context.Background()
	bakeNow := func(made *bake.Bakery) error {
		_, _, err := bakeOnce(ctx, made)
		made.Note(err == nil)
		return err
	}
	first, calls := w.measure(bakeNow)
	fmt.Printf("\n  a bake at %s a call: %d calls, %d ms; one after the other they would take %d ms\n", latency, calls, first.Milliseconds(), (time.Duration(calls) * latency).Milliseconds())
	wall, calls := w.measure(bakeNow)
	const chain = 3
	fmt.Printf("  nothing to bake: %d calls (at most 4)%s, %d ms (at most 300)%s = %.2f × the longest chain of dependent calls (%d)\n",
		calls, over(calls > 4), wall.Milliseconds(), over(wall > 300*time.Millisecond), float64(wall)/float64(chain*latency), chain)
	b.ReportMetric(float64(calls), "calls")
}

// BenchmarkPromote measures whether regions cost more than one.
func BenchmarkPromote(b *testing.B) {
	var walls []time.Duration
	for _, regions := range []string{"", "promote.regions = [\"us-east-1\"]\n", "promote.regions = [\"us-east-1\", \"us-west-2\", \"ap-south-1\"]\n"} {
		w := timed(b, regions)
		var id string
		w.measure(func(made *bake.Bakery) (err error) {
			id, _, err = bakeOnce(context.Background(), made)
			return err
		})
		wall, calls := w.measure(func(made *bake.Bakery) error { return made.Promote(context.Background(), id) })
		fmt.Printf("\n  promote at home and in %d regions: %d calls, %d ms, %.2f × one after the other\n", len(walls)*(len(walls)+1)/2, calls,
			wall.Milliseconds(), float64(wall)/float64(time.Duration(calls)*latency))
		walls = append(walls, wall)
	}
	fmt.Printf("  three regions take %.2f × as long as one%s\n", float64(walls[2])/float64(walls[1]), over(walls[2] > walls[1]*13/10))
}

func over(is bool) string {
	if is {
		return "  OVER"
	}
	return ""
}
