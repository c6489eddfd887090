package metrics_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/aws/session"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
)

// What is put can be read, by exactly the dimensions that it was put with, however many calls it took.
func TestPutAndRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Resolution: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		cfg, err := session.Load(t.Context(), session.Options{
			Region: sb.Account.Region, HTTP: sb.Transport(), Endpoint: "http://sandbox", Credentials: stack.Credentials(),
		})
		if err != nil {
			t.Fatal(err)
		}
		client, begun := metrics.New(cfg), time.Now().Truncate(time.Minute)
		blue := map[string]string{"app": "shop", "color": "blue", "instance": "i-1"}
		data := []metrics.Datum{{Name: "MemoryUsed", Dimensions: blue, Time: begun, Value: 42.5, Unit: metrics.Percent}}
		for range 1500 {
			data = append(data, metrics.Datum{Name: "Restarts", Dimensions: blue, Time: begun, Value: 1, Unit: metrics.Count})
		}
		if err := client.Put(t.Context(), "Bluegreen", data...); err != nil {
			t.Fatal(err)
		}
		query := func(name, stat string, dimensions map[string]string) metrics.Query {
			return metrics.Query{Namespace: "Bluegreen", Name: name, Dimensions: dimensions, Stat: stat, Period: time.Minute}
		}
		time.Sleep(time.Minute)
		got, err := client.Read(t.Context(), begun, time.Now(),
			query("MemoryUsed", "Average", blue), query("Restarts", "Sum", blue), query("Restarts", "Sum", map[string]string{"app": "shop"}))
		want := [][]metrics.Point{{{Time: begun.UTC(), Value: 42.5}}, {{Time: begun.UTC(), Value: 1500}}, nil}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
