package secret_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &store{version: map[string]int{}}, memory(t))
		b.must(t, b.Fetch(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		begun := time.Now()
		type change struct {
			At    time.Duration
			Names []string
		}
		var got []change
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.Watch(ctx, func(names []string) { got = append(got, change{time.Since(begun), names}) })
		}()
		time.Sleep(90 * time.Second)
		b.store.rotate("key")
		b.store.rotate("db")
		b.store.rotate("TOKEN") // which nobody looks at
		time.Sleep(10 * time.Minute)
		b.store.set(errors.New("down"))
		b.store.rotate("db")
		time.Sleep(10 * time.Minute)
		b.store.set(nil)
		time.Sleep(10 * time.Minute)
		cancel()
		<-done
		want := []change{
			{2 * time.Minute, []string{"key"}}, {5 * time.Minute, []string{"db"}}, {22 * time.Minute, []string{"db"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]string{"db": "ssm:/db 2", "TOKEN": "ssm:/token"}, b.Versions()); diff != "" {
			t.Error(diff)
		}
	})
}
