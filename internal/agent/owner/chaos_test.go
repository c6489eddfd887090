package owner_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"bluegreen/internal/docker"
)

var chaosSeeds = flag.Int("owner.seeds", 300, "how many random histories TestChaos goes through")

// TestChaos lets things happen at random: changes of mind, deaths of the agent and of the daemon, crashes, and people who
// stop and remove containers. When it is over, exactly the right container runs.
func TestChaos(t *testing.T) {
	for seed := range *chaosSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, func(w *world) { chaos(w, rand.New(rand.NewPCG(uint64(seed), 0))) })
		})
	}
}

func chaos(w *world, random *rand.Rand) {
	versions, behaviours := []string{"v1", "v2", "v3"}, []string{"good", "good", "bad", "crash", "stillborn", "sick"}
	wish := want("v1", "good")
	a := w.agent(0, false)
	a.Set(wish)
	settle(time.Duration(random.IntN(20)) * time.Second)
	for range 12 {
		switch random.IntN(8) {
		case 0, 1:
			wish = want(versions[random.IntN(3)], behaviours[random.IntN(len(behaviours))])
			a.Set(wish)
		case 2:
			a.plug.pull()
			a = w.agent(0, false)
			a.Set(wish)
		case 3:
			a.quit()
			a = w.agent(0, false)
			a.Set(wish)
		case 4:
			w.engine.kill()
			settle(time.Duration(random.IntN(20000)) * time.Millisecond)
			w.engine.start()
		case 5:
			a.Reload()
		case 6, 7:
			w.meddle(random)
		}
		settle(time.Duration(random.IntN(30000)) * time.Millisecond)
	}
	wish = want("v3", "good")
	a.Set(wish)
	settle(2 * time.Hour) // restarts may be used up for an hour
	w.expect(running("v3", "good"))
	w.expectPolicies()
}

// meddle does something to one of the containers.
func (w *world) meddle(random *rand.Rand) {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	if len(w.engine.boxes) == 0 {
		return
	}
	b := w.engine.boxes[random.IntN(len(w.engine.boxes))]
	b.byOthers = true
	switch what := random.IntN(4); {
	case what == 0 && b.State == docker.Running:
		w.engine.exit(b, 137, true)
	case what == 1 && up(b):
		w.engine.halt(b)
	case what == 2 && !up(b):
		w.engine.delete(b)
	case what == 3 && !up(b):
		_ = w.engine.launch(b) // the port may be taken
	}
}
