package agent

import (
	"testing"
	"time"

	"bluegreen/internal/agent/owner"
)

// Each end of the app is told once, also after a clock was set back.
func TestExitsAreToldOnce(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := owner.Exit{Container: "shop-1", At: at, Code: 1}
	again := owner.Exit{Container: "shop-1", At: at.Add(-time.Hour), Code: 2}
	other := owner.Exit{Container: "shop-2", At: at, Code: 3}
	var told exits
	for n, step := range []struct {
		last []owner.Exit
		want []int // codes
	}{
		{nil, nil},
		{[]owner.Exit{first}, []int{1}},
		{[]owner.Exit{first}, nil},
		{[]owner.Exit{first, again}, []int{2}},
		{[]owner.Exit{again, other}, []int{3}},
		{[]owner.Exit{again, other}, nil},
	} {
		news := told.fresh(step.last)
		if len(news) != len(step.want) {
			t.Fatalf("step %d: %v", n, news)
		}
		for i, exit := range news {
			if exit.Code != step.want[i] {
				t.Errorf("step %d: %v", n, news)
			}
		}
	}
}
