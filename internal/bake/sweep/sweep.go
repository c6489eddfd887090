// Package sweep finds what runs of amibake have left behind that died, by its tags, and takes it away.
//
// What belongs to a run that lives, or may live, is not touched, nor is anything that does not carry amibake's tags. Images
// that were verified are no leftovers, whatever became of their run: they are for prune to judge.
package sweep

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what a thing is.
type Kind string

// The kinds, in the order in which they are swept.
const (
	Instance Kind = "instance" // of a builder or a test
	Image    Kind = "image"    // an AMI, or a copy of one in another region
	Snapshot Kind = "snapshot" // whose image is said to be gone
	Object   Kind = "object"   // staged in S3
)

var kinds = []Kind{Instance, Image, Snapshot, Object}

// Ref names a thing in the whole account.
type Ref struct {
	Region string `json:"region,omitempty"` // "" where there is one region only, and for objects
	ID     string `json:"id"`               // of an object "s3://bucket/key"
}

func (r Ref) String() string {
	if r.Region == "" {
		return r.ID
	}
	return r.ID + " in " + r.Region
}

// Item is a thing in the account that may have been left behind.
type Item struct {
	Kind Kind `json:"kind"`
	Ref
	Managed bool      `json:"-"`               // carries ManagedBy=bluegreen; of an object, lies where amibake stages
	App     string    `json:"app,omitempty"`   // as the tags, or an object's key, say, like the next
	Run     string    `json:"run,omitempty"`   // the run that made it
	State   string    `json:"state,omitempty"` // AWS's
	Created time.Time `json:"created,omitzero"`

	Role      string    `json:"role,omitempty"`   // of an instance: "builder" or "test"
	Expires   time.Time `json:"expires,omitzero"` // of an instance; zero if its tag cannot be read
	Status    string    `json:"status,omitempty"` // of an image: Verified once it is good, of a copy once it is promoted
	Image     string    `json:"image,omitempty"`  // of a snapshot: the image that it was made for, "" if unknown
	Snapshots []string  `json:"-"`                // of an image
}

// Verified is the Status of an image that is no leftover.
const Verified = "verified"

// Use is one thing that needs an image.
type Use struct {
	By       string `json:"by"` // reads on after "in use by"
	Instance string `json:"-"`  // its id if it is an instance: one that is swept itself does not count
}

// Policy says whose leftovers are swept, and how soon.
type Policy struct {
	App   string
	Grace time.Duration // things younger than this are kept: their run may be resumed. Instances go by their own expiry
}

// Validate names everything that is wrong with a policy.
func (p Policy) Validate() error {
	var faults []error
	if p.App == "" {
		faults = append(faults, errors.New("sweep: no app"))
	}
	if p.Grace < 0 {
		faults = append(faults, fmt.Errorf("sweep: age of leftovers to keep: %v is negative", p.Grace))
	}
	return errors.Join(faults...)
}

// Action is what becomes of a leftover.
type Action string

// The actions.
const (
	Keep   Action = "keep"
	Remove Action = "remove" // terminate, deregister with its snapshots, or delete
)

// Finding is a leftover, what becomes of it, and why.
type Finding struct {
	Item    Item     `json:"item"`
	Action  Action   `json:"action"`
	Reasons []string `json:"reasons"`
}
