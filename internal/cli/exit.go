package cli

import "os"

// leave ends the process in the middle of whatever it does: the journal is written ahead, so that nothing is lost by it.
func leave(code int) {
	os.Exit(code) //nolint:forbidigo // the second Ctrl-C means now
}
