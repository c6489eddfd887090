package docker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/docker"
)

func TestLogs(t *testing.T) {
	b := shared(t)
	ids := map[string]string{}
	for _, driver := range []string{"", "local", "json-file"} {
		id := b.create(t, docker.Spec{
			Log: docker.Log{Driver: driver}, Env: map[string]string{"APP_SAY": "first\nsecond\r\nthird", "APP_CRASH_AFTER": "1ms"},
		})
		if err := b.engine.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		b.until(t, id, docker.Exited)
		ids[driver] = id
	}
	for _, tt := range []struct {
		tail int
		want []string
	}{
		{1, []string{"third"}},
		{2, []string{"second", "third"}},
		{100, []string{"first", "second", "third"}},
		{0, nil},
	} {
		for driver, id := range ids {
			t.Run(fmt.Sprintf("%d of %s", tt.tail, driver), func(t *testing.T) {
				got, err := b.engine.Logs(t.Context(), id, tt.tail)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestLogsOfBothOutputs(t *testing.T) {
	b := shared(t)
	id := b.create(t, docker.Spec{Env: map[string]string{"APP_SAY": "to one", "APP_CRASH_AFTER": "soon"}})
	if err := b.engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.until(t, id, docker.Exited)
	got, err := b.engine.Logs(t.Context(), id, 10)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got) // they race
	if diff := cmp.Diff([]string{`APP_CRASH_AFTER: time: invalid duration "soon"`, "to one"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLogsThatAreNotKept(t *testing.T) {
	b := shared(t)
	id, _ := b.run(t, docker.Spec{Log: docker.Log{Driver: "none"}})
	if lines, err := b.engine.Logs(t.Context(), id, 10); err == nil || !strings.Contains(err.Error(), "does not support reading") {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestLogsHaveABound(t *testing.T) {
	b := shared(t)
	id := b.create(t, docker.Spec{Env: map[string]string{"APP_SAY_BYTES": "6000000", "APP_CRASH_AFTER": "1ms"}})
	if err := b.engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.until(t, id, docker.Exited)
	lines, err := b.engine.Logs(t.Context(), id, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Join(lines, "")); n < 1<<20 || n > 4<<20 {
		t.Errorf("read %d bytes", n)
	}
}
