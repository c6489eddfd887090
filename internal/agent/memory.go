package agent

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	// gcPercent trades CPU time, of which the agent uses next to nothing, for memory, which is the app's.
	gcPercent = 30
	// settled is how long after its start the agent has done what takes much memory: pulling, and first calls to everything.
	settled = 5 * time.Second
	// giveBackEvery is how often memory goes back that nobody needs any more.
	giveBackEvery = 10 * time.Minute
)

// giveBack returns memory to the machine, which is the app's.
func giveBack(ctx context.Context) {
	debug.SetGCPercent(gcPercent)
	for pause := settled; sleep(ctx, pause); pause = giveBackEvery {
		debug.FreeOSMemory()
	}
}
