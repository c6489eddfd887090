// Package bakery has the proof that an image of an app is made for real: of a plain Debian, with packages from Debian's
// mirrors, the agent's own package and an app from a registry, by instances that boot.
package bakery_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/bake"
	"bluegreen/internal/bake/recipe"
)

func TestBake(t *testing.T) {
	w := newWorld(t)
	b := w.bakery(t, "v2")
	made := w.bake(t, b)
	const os = "Debian GNU/Linux 12 (bookworm)"
	if made.Ready == nil || made.Verified == nil {
		t.Fatalf("no word from the builder, or from the test instance: %+v", made)
	}
	t.Logf("the builder's times: %v; boot to healthy: %s", made.Ready.Times, made.Verified.Boot)
	ready := recipe.Ready{Agent: version, Digest: made.Digest, OS: os, Notes: made.Ready.Notes}
	if diff := cmp.Diff(ready, *made.Ready, cmpopts.IgnoreFields(recipe.Ready{}, "Docker", "Kernel", "Times")); diff != "" {
		t.Errorf("the builder (-want +got):\n%s", diff)
	}
	verified := recipe.Verified{
		Agent: version, Digest: made.Digest, OS: os, Phase: "serving", Metadata: "required", Ports: []int{8000, 9180}, Published: []int{8000}, Notes: []string{},
	}
	if diff := cmp.Diff(verified, *made.Verified, cmpopts.IgnoreFields(recipe.Verified{}, "Docker", "Kernel", "Boot")); diff != "" {
		t.Errorf("the test instance (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(made.Ready.Docker, "20.10.") || made.Verified.Docker != made.Ready.Docker {
		t.Errorf("Docker is %s on the builder and %s on the test instance, want Debian's", made.Ready.Docker, made.Verified.Docker)
	}

	again, err := w.bakery(t, "v2").Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.Due() || again.Existing.ID != made.Image || again.Existing.Tags[bake.TagStatus] != bake.Verified {
		t.Errorf("the next bake is due: %s", again.Why)
	}
	if err := b.Promote(t.Context(), made.Image); err != nil {
		t.Fatal(err)
	}
	pointer, err := b.Cloud.Params.Get(t.Context(), b.Settings.Promote.Parameter)
	if err != nil || pointer.Value != made.Image {
		t.Errorf("%s names %q, want %s: %v", b.Settings.Promote.Parameter, pointer.Value, made.Image, err)
	}
}
