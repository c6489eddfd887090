package docker_test

import (
	"testing"

	"bluegreen/internal/docker"
)

func TestStats(t *testing.T) {
	b := shared(t)
	id, url := b.run(t, docker.Spec{Memory: 200 << 20, MemorySwap: 200 << 20})
	before, err := b.engine.Stats(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if before.MemoryLimit != 200<<20 || before.Memory < 100<<10 || before.Memory > 50<<20 || before.CPU <= 0 || before.PIDs < 2 {
		t.Errorf("before: %+v", before)
	}
	post(t, url+"/hog?bytes=100000000")
	after, err := b.engine.Stats(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if grown := after.Memory - before.Memory; grown < 90e6 || grown > 120e6 {
		t.Errorf("grew by %d bytes", grown)
	}
	if after.CPU <= before.CPU {
		t.Errorf("CPU: %v, then %v", before.CPU, after.CPU)
	}
}

func TestStatsWithoutALimit(t *testing.T) {
	b := shared(t)
	info, err := b.engine.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, _ := b.run(t, docker.Spec{})
	if s, err := b.engine.Stats(t.Context(), id); err != nil || s.MemoryLimit != info.Memory {
		t.Errorf("limit %d of %d, %v", s.MemoryLimit, info.Memory, err)
	}
}
