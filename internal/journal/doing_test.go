package journal

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestHolderTellsWhatItDoes looks from another machine at what a process waits for.
func TestHolderTellsWhatItDoes(t *testing.T) {
	inCloud(t, func(t *testing.T, c *cloud) {
		const term = 30 * time.Second
		mine, theirs := LeaseInParams(c.client, app, term), LeaseInParams(c.client, app, term)
		if err := mine.Take(t.Context(), run, "me", 1); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		kept := make(chan error)
		go func() { kept <- mine.Keep(ctx) }()
		for _, what := range []string{"waiting for the name servers", strings.Repeat("é", 400), "the app answers {{ .Error }}"} {
			mine.Doing(what)
			time.Sleep(term)
			h, held, err := theirs.Holder(t.Context())
			if err != nil || !held {
				t.Fatal(h, held, err)
			}
			if want := strings.TrimSuffix(h.Doing, "…"); !strings.HasPrefix(what, want) || len(want) < min(len(what), maxDoing-3) {
				t.Errorf("it tells %q of %q", h.Doing, what)
			}
		}
		stop()
		if err := <-kept; err != nil {
			t.Error(err)
		}
	})
}
