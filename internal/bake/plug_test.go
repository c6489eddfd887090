package bake_test

import "bluegreen/internal/sandbox/mortal"

// plug makes a network whose process is killed at its nth call: before it has its effect, or after.
func (w *world) plug(at int, after bool) *mortal.Plug {
	return mortal.New(mortal.Network{HTTP: w.sb.Transport()}, w.over, at, after)
}
