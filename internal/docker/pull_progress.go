package docker

import (
	"strings"

	"github.com/moby/moby/api/types/jsonstream"
)

// Progress is how far a pull is.
type Progress struct {
	Layers     int    // known so far
	LayersDone int    // unpacked, or there before
	Bytes      int64  // received, of the layers that were not there
	TotalBytes int64  // of the layers that have begun to arrive
	Status     string // the daemon's last word, e.g. "Extracting"
}

// layers is what a pull's stream has said so far.
type layers struct {
	byID map[string]*layer
	last string
}

type layer struct {
	status   string
	progress int64 // of what status says
	received int64
	size     int64
}

// take notes a message, and says whether it tells anything new.
func (l *layers) take(m jsonstream.Message) bool {
	if l.byID == nil {
		l.byID = map[string]*layer{}
	}
	if m.ID == "" || strings.HasPrefix(m.Status, "Pulling from ") { // of the whole, with the tag as its id
		news := m.Status != l.last
		l.last = m.Status
		return news
	}
	at, known := l.byID[m.ID]
	if !known {
		at = &layer{}
		l.byID[m.ID] = at
	}
	progress, size := int64(0), int64(0)
	if m.Progress != nil {
		progress, size = m.Progress.Current, m.Progress.Total
	}
	news := !known || at.status != m.Status || at.progress != progress
	at.status, at.progress, l.last = m.Status, progress, m.Status
	switch m.Status {
	case "Downloading":
		at.received, at.size = progress, max(size, at.size)
	case "Download complete":
		at.received = at.size
	}
	return news
}

func (l *layers) progress() Progress {
	p := Progress{Layers: len(l.byID), Status: l.last}
	for _, at := range l.byID {
		p.Bytes += at.received
		p.TotalBytes += at.size
		if at.status == "Pull complete" || at.status == "Already exists" {
			p.LayersDone++
		}
	}
	return p
}
