// Package prune says which AMIs of an app may go, and why the others may not, and takes those away that may.
//
// An image is never removed while anything uses it, and what cannot be determined counts as a use. An image that nobody
// uses and that the policy lets go goes down a ladder, one rung per run: deprecated, disabled, deregistered.
package prune

import (
	"errors"
	"fmt"
	"time"
)

// Ref names an image or a snapshot in the whole account.
type Ref struct {
	Region string `json:"region,omitempty"` // "" where there is one region only
	ID     string `json:"id"`
}

func (r Ref) String() string {
	if r.Region == "" {
		return r.ID
	}
	return r.ID + " in " + r.Region
}

// Image is an AMI of this account, in one region. A copy in another region is an image of its own: the policy counts the
// images of each region for themselves, and a use of a copy is not one of its source.
type Image struct {
	Ref
	Name    string    `json:"name,omitempty"`
	Created time.Time `json:"created,omitzero"`

	Managed bool   `json:"-"`             // carries ManagedBy=bluegreen
	App     string `json:"app,omitempty"` // as the tags say, like the next three
	Run     string `json:"run,omitempty"`
	Key     string `json:"key,omitempty"`    // of the bake: what has none was not made by one
	Status  string `json:"status,omitempty"` // Verified, or how far else the bake got

	State      string    `json:"state,omitempty"`      // AWS's: Available, Pending, Disabled, "failed" …
	Deprecated time.Time `json:"deprecated,omitzero"`  // since or from when; zero for never
	DisabledAt time.Time `json:"disabledAt,omitzero"`  // by a prune, as its tag says; AWS does not keep it
	Protected  bool      `json:"protected,omitempty"`  // from being deregistered
	SharedWith []string  `json:"sharedWith,omitempty"` // accounts, organizations, units, "all"

	Source    Ref      `json:"-"` // of a copy: what it is a copy of
	Snapshots []string `json:"-"`
}

// Values of an image's Status and State that decide something.
const (
	Verified  = "verified"
	Available = "available"
	Pending   = "pending"
	Disabled  = "disabled"
)

// Snapshot is one of ours whose image is said to be gone.
type Snapshot struct {
	Ref
	Created time.Time `json:"created,omitzero"`
	Managed bool      `json:"-"`
	App     string    `json:"app,omitempty"`
	Key     string    `json:"-"`               // of the bake
	Image   string    `json:"image,omitempty"` // id of the image that it was made for, "" if unknown
	State   string    `json:"state,omitempty"` // AWS's: Completed …
}

// Completed is the State of a snapshot that nobody is writing any more.
const Completed = "completed"

// Use is one thing that needs an image.
type Use struct {
	// By reads on after "in use by": "instance i-1 (stopped)", "launch template lt-1 version 3 ($Latest)". Where a check
	// could not tell it begins with "unknown: ".
	By string `json:"by"`
}

// Policy says what is kept although nobody uses it, and how long each rung of the ladder lasts.
type Policy struct {
	App        string        // whose images these are; all others are left alone
	Newest     int           // verified images kept in each region; at least 1
	Young      time.Duration // images younger than this are kept
	Disable    time.Duration // an image stays deprecated for at least this long before it is disabled
	Deregister time.Duration // and disabled for at least this long before it is deregistered
	Orphan     time.Duration // snapshots without an image are kept until they are this old
}

// Validate names everything that is wrong with a policy. The zero policy, which would let everything go, is no valid one.
func (p Policy) Validate() error {
	var faults []error
	if p.App == "" {
		faults = append(faults, errors.New("prune: no app"))
	}
	if p.Newest < 1 {
		faults = append(faults, fmt.Errorf("prune: keep the newest %d images: at least 1 has to stay", p.Newest))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"age of images to keep", p.Young}, {"time until images are disabled", p.Disable},
		{"time until images are deregistered", p.Deregister}, {"age of snapshots to keep", p.Orphan},
	} {
		if d.value < 0 {
			faults = append(faults, fmt.Errorf("prune: %s: %v is negative", d.name, d.value))
		}
	}
	return errors.Join(faults...)
}

// Action is what becomes of an image or a snapshot in this run.
type Action string

// The actions. The middle three are the rungs of the ladder, from the top down.
const (
	Keep       Action = "keep"
	Deprecate  Action = "deprecate"  // hides it from searches; it works as before
	Disable    Action = "disable"    // nothing can be launched from it, and nobody shares it any more; EnableImage undoes the former
	Deregister Action = "deregister" // ends it and its snapshots
	Delete     Action = "delete"     // of a snapshot
)

// Verdict is what becomes of an image, and why.
type Verdict struct {
	Image   Image    `json:"image"`
	Action  Action   `json:"action"`
	Uses    []Use    `json:"uses,omitempty"`
	Reasons []string `json:"reasons"`
}

// SnapshotVerdict is what becomes of a snapshot, and why.
type SnapshotVerdict struct {
	Snapshot Snapshot `json:"snapshot"`
	Action   Action   `json:"action"` // Keep or Delete
	Reasons  []string `json:"reasons"`
}
