package bluegreen_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain makes worlds cheap: thousands of them come and go, and each one's garbage is small.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	_ = os.Unsetenv("AWS_CA_BUNDLE") // it would be parsed for each process of each world
	os.Exit(m.Run())
}
