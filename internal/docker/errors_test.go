package docker

import (
	"errors"
	"testing"
)

// Errors are logged and shown: what opens a door is not in them.
func TestErrorsHideCredentials(t *testing.T) {
	for says, want := range map[string]string{
		`Get "https://layers.s3.amazonaws.com/ab?X-Amz-Signature=t0ken&X-Amz-Date=1": EOF`: `Get "https://layers.s3.amazonaws.com/ab?…": EOF`,
		"get https://user:t0ken@ghcr.io/v2/: denied":                                       "get https://…@ghcr.io/v2/: denied",
		"http://a/?t0ken and http://b?t0ken, too":                                          "http://a/?… and http://b?… too",
		"Error response from daemon: is it there? no":                                      "is it there? no",
	} {
		if got := (&PullError{Reference: "shop:1", Kind: Other, Err: errors.New(says)}).Error(); got != "pull shop:1: failed: "+want {
			t.Errorf("%q is told as %q", says, got)
		}
		if got := (&Error{Op: "pull", Err: errors.New(says)}).Error(); got != "pull: "+want {
			t.Errorf("%q is told as %q", says, got)
		}
	}
}
