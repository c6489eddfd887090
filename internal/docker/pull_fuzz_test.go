package docker

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/jsonstream"
)

// Whatever a registry says, through the daemon, is of one kind, whoever is named in it, and is told without what was signed.
func FuzzRegistryAnswers(f *testing.F) {
	for _, says := range []string{
		"denied: Your authorization token has expired.", "toomanyrequests: Rate exceeded", "no space left on device", "manifest unknown", "EOF",
		"", "denied", "Get \"https://x/v2/?X-Amz-Signature=t0ken\": EOF", "\x1b[2J\x00\xff", "'shop/web'", "\"shop/web\" Name:shop/web", strings.TrimSpace(stream),
	} {
		f.Add(says)
	}
	named, err := reference.ParseNormalizedNamed("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1")
	if err != nil {
		f.Fatal(err)
	}
	kinds := []PullKind{NotFound, Denied, Expired, Throttled, Unreachable, NoSpace, Stalled, Timeout, Other}
	f.Fuzz(func(t *testing.T, says string) {
		answer := errors.New(says)
		kind := pullKind(withoutNames(says, named), answer)
		if !slices.Contains(kinds, kind) {
			t.Errorf("%q is of the kind %q", says, kind)
		}
		if naming := says + " '" + named.Name() + "'"; pullKind(withoutNames(naming, named), answer) != kind {
			t.Errorf("%q is of another kind when it names the image", says)
		}
		signed := says + " https://bucket/layer?X-Amz-Signature=S1GNATURE"
		if told := (&PullError{Reference: "x", Kind: kind, Err: errors.New(signed)}).Error(); strings.Contains(told, "S1GNATURE") {
			t.Errorf("%q is told as %q", signed, told)
		}

		var l layers
		for line := range strings.Lines(says) {
			var m jsonstream.Message
			if json.Unmarshal([]byte(line), &m) != nil {
				continue
			}
			l.take(m)
			if p := l.progress(); p.LayersDone > p.Layers {
				t.Errorf("%d of %d layers", p.LayersDone, p.Layers)
			}
		}
	})
}
