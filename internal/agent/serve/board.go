package serve

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"bluegreen/internal/pattern"
)

// maxErrors is how many errors a Board keeps.
const maxErrors = 20

// Board is where the parts of the agent write what they are doing, and where it is read from.
type Board struct {
	health func() Health

	mu     sync.Mutex
	status Status
}

// NewBoard makes a board that shows what is known at the start. Health is asked each time that it is read, and must not
// block.
func NewBoard(s Status, health func() Health) *Board {
	if s.Phase == "" {
		s.Phase = Starting
	}
	if s.Since.IsZero() {
		s.Since = time.Now()
	}
	return &Board{status: s, health: health}
}

// Update changes the status. Change must not block, as /health waits for it; and it replaces what pointers point to instead
// of changing that, as whoever has read the status still looks at it.
func (b *Board) Update(change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.status)
}

// Phase says what the agent is doing now, and why.
func (b *Board) Phase(p Phase, why string) {
	b.Update(func(s *Status) {
		if s.Phase != p {
			s.Phase, s.Since = p, time.Now()
		}
		if p != Pulling {
			s.Pull = nil
		}
		s.Why = clean(why)
	})
}

// Failed notes an error for people to see.
func (b *Board) Failed(what string, err error) {
	t := Trouble{Time: time.Now(), What: what, Error: clean(err.Error()), Count: 1}
	b.Update(func(s *Status) {
		same := slices.IndexFunc(s.Errors, func(o Trouble) bool { return o.What == t.What && o.Error == t.Error })
		rest := s.Errors
		if same >= 0 {
			t.Count += s.Errors[same].Count
			rest = slices.Concat(s.Errors[:same], s.Errors[same+1:])
		}
		rest = rest[:min(len(rest), maxErrors-1)]
		s.Errors = slices.Concat([]Trouble{t}, rest)
	})
}

// Status is the status now.
func (b *Board) Status() Status {
	h := b.health()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.status
	s.Now, s.Health = time.Now(), h
	if s.Errors == nil {
		s.Errors = []Trouble{} // a list in JSON
	}
	return s
}

// brief is the part of the status that /health shows.
func (b *Board) brief() (phase Phase, version, color string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status.Phase, b.status.Version, b.status.Color
}

// maxText is how much of an error is shown.
const maxText = 500

var (
	userInfo = pattern.Lazy(`://[^/\s@]+@`)
	query    = pattern.Lazy(`(https?://[^\s?"']+)\?[^\s"']+`)
)

// clean is a text on one line, without what a terminal would act on, and without the parts of URLs in which there are
// credentials: registries answer with signed ones, and Docker's errors repeat them.
func clean(text string) string {
	text = query().ReplaceAllString(userInfo().ReplaceAllString(text, "://…@"), "$1?…")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }), " ")
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText-1]) + "…"
	}
	return text
}
