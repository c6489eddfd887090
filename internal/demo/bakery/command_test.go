package bakery_test

import (
	"testing"

	"bluegreen/internal/bake/settings"
)

// TestBakeByRunCommand makes an image by commands that really run on the instances, whose consoles say nothing of it.
func TestBakeByRunCommand(t *testing.T) {
	w := newWorld(t)
	b := w.bakery(t, "v2")
	b.Settings.Build.Channel = settings.RunCommand
	made := w.bake(t, b)
	if made.Ready == nil || made.Verified == nil || made.Verified.Phase != "serving" || made.BuildCommand == "" || made.TestCommand == "" {
		t.Errorf("no word from the builder, or from the test instance: %+v", made)
	}
}
