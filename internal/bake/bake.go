// Package bake makes machine images of an app, proves that they boot healthy, hands them out, and takes old ones away. Each
// of these is a run: a list of steps in a journal, under a lease, so that one that is killed is gone on with by the next.
package bake

import (
	"context"
	"fmt"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/event"
	"bluegreen/internal/journal"
	"bluegreen/internal/step"
)

// Bakery is one app's images in one account, as this process works on them.
type Bakery struct {
	Settings settings.Settings
	Cloud    *aws.Bakery
	Report   event.Reporter
	Owner    string        // names this process to people: "user@host pid 4711"
	Poll     time.Duration // between two looks at what takes minutes
}

// DefaultPoll is how often AWS is asked about what takes minutes: an image, a boot. Its quota for such calls is the account's.
const DefaultPoll = 15 * time.Second

// The tags of all that is made. Those of AMIs are on their snapshots, too, from the moment they are there.
const (
	TagApp     = "bluegreen:app"
	TagManaged = "ManagedBy"
	TagRun     = "amibake:run"     // the run that made it
	TagKey     = "amibake:key"     // of all that went into an AMI
	TagBase    = "amibake:base"    // id of the AMI that it was made of
	TagImage   = "amibake:image"   // of the app, by digest
	TagAgent   = "bluegreen:agent" // version; by this tag switcher knows AMIs on which an agent runs the app
	TagStatus  = "amibake:status"  // of an AMI: Baked or Copied, then Verified
	TagRole    = "amibake:role"    // of an instance: RoleBuilder or RoleTest
	TagExpires = "amibake:expires" // when anybody may end an instance, RFC 3339

	Managed     = "bluegreen"
	Baked       = "baked"    // not proven yet
	Copied      = "copied"   // to a region where no pointer names it yet
	Verified    = "verified" // proven, and a copy handed out
	RoleBuilder = "builder"
	RoleTest    = "test"
)

// owned are the tags that all things of an app have.
func (b *Bakery) owned(run string) map[string]string {
	return map[string]string{TagApp: b.Settings.App, TagManaged: Managed, TagRun: run}
}

// space is where the journal and the lease of an app's bakes are, beside those of its deployments.
func (b *Bakery) space() string { return b.Settings.App + "/bake" }

func (b *Bakery) store() step.Store { return journal.InParams(b.Cloud.Params, b.space()) }

func (b *Bakery) lease() *journal.Lease {
	return journal.LeaseInParams(b.Cloud.Params, b.space(), b.Settings.Lease.Term)
}

func (b *Bakery) event(kind event.Kind, run, format string, args ...any) {
	b.Report.Report(event.Event{Time: time.Now().UTC(), Event: kind, Deployment: run, Text: fmt.Sprintf(format, args...)})
}

func (b *Bakery) poll() time.Duration {
	if b.Poll > 0 {
		return b.Poll
	}
	return DefaultPoll
}

// sleep says whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
