package ec2

import "time"

// ImageAction is what an ImageFault does to an image that is being made.
type ImageAction string

// The actions of an ImageFault.
const (
	ImageStuck          ImageAction = "stuck"           // its snapshots stop, and it is pending for ever
	ImageSnapshotFailed ImageAction = "snapshot-failed" // its snapshots fail, and it with them
	ImageFailed         ImageAction = "failed"          // its snapshots are completed, and it fails
	ImageSlow           ImageAction = "slow"            // its snapshots take as long as Takes says
)

// ImageFault makes the making of some images go wrong, after the request for it has been accepted. What goes wrong with
// requests is the affair of the front's Faults.
type ImageFault struct {
	Operation string // "CreateImage" or "CopyImage"; either when empty
	Name      string // of the image, where * stands for any text; any when empty

	// Nth is the first image to be struck of those that match, counted from 1 since the fault was set, and Times is how many
	// are struck from there on. Zero Times with an Nth means that one; without an Nth, all. Negative Times means all from the
	// Nth on.
	Nth, Times int

	Action  ImageAction
	Percent int           // the progress at which snapshots stop or fail; 50 when zero
	Takes   time.Duration // of ImageSlow; of the account's time
	Reason  string        // of what failed, for people; a usual one when empty

	seen int
}

// AddImageFaults sets faults beside those that there are. Of those that strike an image, the first is what happens.
func (s *Service) AddImageFaults(faults ...ImageFault) {
	for _, f := range faults {
		s.imageFaults = append(s.imageFaults, &f)
	}
}

// ClearImageFaults takes all of them away. What has happened stays.
func (s *Service) ClearImageFaults() { s.imageFaults = nil }

// strike counts an image that is to be made, and says what happens to it; nil when nothing does.
func (s *Service) strike(operation, name string) *ImageFault {
	var struck *ImageFault
	for _, f := range s.imageFaults {
		if f.Operation != "" && f.Operation != operation || f.Name != "" && !wildcard(f.Name, name) {
			continue
		}
		f.seen++
		if struck == nil && f.strikes() {
			copied := *f
			struck = &copied
		}
	}
	return struck
}

func (f *ImageFault) strikes() bool {
	first, times := max(f.Nth, 1), f.Times
	if times == 0 && f.Nth > 0 {
		times = 1
	}
	return f.seen >= first && (times <= 0 || f.seen < first+times)
}

// apply changes how a snapshot of the image goes.
func (f *ImageFault) apply(n *snapshot) {
	percent := f.Percent
	if percent == 0 {
		percent = 50
	}
	switch f.Action {
	case ImageStuck:
		n.end = percent
	case ImageSnapshotFailed:
		n.end, n.broken = percent, orNew(f.Reason, "The snapshot could not be completed")
	case ImageSlow:
		n.takes = f.Takes
	}
}

// ruin is why the image itself fails; "" when it does not.
func (f *ImageFault) ruin() string {
	if f == nil || f.Action != ImageFailed {
		return ""
	}
	return orNew(f.Reason, "The image could not be registered")
}
