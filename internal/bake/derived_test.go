package bake

import "testing"

// TestDerived tells the versions of launch templates that bluegreen has made from those of others. A form that it does not know
// is somebody else's, and counts for as long as it is there.
func TestDerived(t *testing.T) {
	for description, want := range map[string]bool{
		"bake-000042-20260301-020500-k3pq-template":  true, // of a promotion
		"bluegreen 20260301-020500-a1b2c3":           true, // of a deployment
		"bluegreen 20260301-020500-a1b2c3 by hand":   false,
		"not bluegreen 20260301-020500-a1b2c3":       false,
		"bake-000042-20260301-020500-k3pq":           false,
		"bake-000042-20260301-020500-k3pq-template2": false,
		"bluegreen": false,
		"":          false,
	} {
		if got := derived().MatchString(description); got != want {
			t.Errorf("%q: ours: %v, want %v", description, got, want)
		}
	}
}
