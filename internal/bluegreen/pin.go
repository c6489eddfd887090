package bluegreen

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bluegreen/internal/aws/group"
)

// The tags that we keep on an Auto Scaling group, so that any machine can take back what a run left behind.
const (
	tagPin     = "bluegreen:pin"     // "DEPLOYMENT pinned=N/N raised=N min=N max=N desired=N": what we set, and the sizes as found
	tagRetired = "bluegreen:retired" // "min=N max=N desired=N": the sizes before the group was scaled down
)

// pin is what a pin tag says.
type pin struct {
	deployment string
	pinned     []int // the minimums that we may have set, the newest last
	raised     int   // the maximum that we set; 0 if we left it alone
	found      group.Size
}

func (p pin) String() string {
	texts := make([]string, len(p.pinned))
	for i, n := range p.pinned {
		texts[i] = strconv.Itoa(n)
	}
	return fmt.Sprintf("%s pinned=%s raised=%d %s", p.deployment, strings.Join(texts, "/"), p.raised, p.found)
}

func parsePin(text string) (pin, error) {
	bad := fmt.Errorf("read tag %s %q: want DEPLOYMENT pinned=N raised=N min=N max=N desired=N; remove the tag to go on", tagPin, text)
	words := strings.SplitN(text, " ", 4)
	if len(words) != 4 {
		return pin{}, bad
	}
	p := pin{deployment: words[0]}
	for text := range strings.SplitSeq(strings.TrimPrefix(words[1], "pinned="), "/") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return pin{}, bad
		}
		p.pinned = append(p.pinned, n)
	}
	var err error
	if p.raised, err = strconv.Atoi(strings.TrimPrefix(words[2], "raised=")); err != nil {
		return pin{}, bad
	}
	if p.found, err = group.ParseSize(words[3]); err != nil {
		return pin{}, bad
	}
	return p, nil
}

// pinOn is the pin on a group; ok is false when there is none, or none that still holds: somebody changed the minimum since,
// and theirs is what counts.
func pinOn(g group.Group) (p pin, ok bool, err error) {
	text, tagged := g.Tags[tagPin]
	if !tagged {
		return pin{}, false, nil
	}
	if p, err = parsePin(text); err != nil {
		return pin{}, false, err
	}
	ours := slices.Contains(p.pinned, g.Size.Min) || g.Size.Min == p.found.Min
	return p, ours, nil
}

// foundSize is the size of a group before anything of ours.
func foundSize(g group.Group) (group.Size, error) {
	p, ok, err := pinOn(g)
	if !ok {
		return g.Size, err
	}
	return p.found, nil
}

// maxPinned is how many minimums a pin remembers. One that is cut off may have set the newest, or still have the one before it; a tag
// has room for 256 characters.
const maxPinned = 8

// pinAt raises a group's minimum, and its maximum if that is below atMost, so that nothing shrinks it. First the tag, then
// the size: a process that dies in between leaves a tag that changes nothing.
func (a *App) pinAt(ctx context.Context, g group.Group, deployment string, minimum, atMost int) error {
	p, ok, err := pinOn(g)
	if err != nil {
		return err
	}
	if !ok {
		p = pin{found: g.Size}
	}
	p.deployment = deployment
	if !slices.Contains(p.pinned, minimum) {
		p.pinned = append(p.pinned, minimum)
		p.pinned = p.pinned[max(0, len(p.pinned)-maxPinned):]
	}
	change := group.Change{}
	if g.Size.Max < max(atMost, minimum) {
		p.raised = max(atMost, minimum)
		change.Max = &p.raised
	}
	if g.Size.Min != minimum {
		change.Min = &minimum
	}
	if g.Size.Desired < minimum {
		change.Desired = &minimum
	}
	if g.Tags[tagPin] != p.String() {
		if err := a.Cloud.Groups.Tag(ctx, g.Name, tagPin, p.String()); err != nil {
			return err
		}
	}
	if change == (group.Change{}) {
		return nil
	}
	return a.Cloud.Groups.Resize(ctx, g.Name, change)
}

// unpin gives a group the limits that after makes of those found, as far as they are still ours, and removes the tag.
// Desired capacity is left alone.
func (a *App) unpin(ctx context.Context, g group.Group, after func(found group.Size) (minimum, maximum int)) error {
	if _, tagged := g.Tags[tagPin]; !tagged {
		return nil
	}
	p, ok, err := pinOn(g)
	if err != nil {
		return err
	}
	if ok {
		minimum, maximum := after(p.found)
		change := group.Change{}
		if g.Size.Min != minimum {
			change.Min = &minimum
		}
		if g.Size.Max == p.raised && g.Size.Max != maximum && g.Size.Desired <= maximum {
			change.Max = &maximum
		}
		if change != (group.Change{}) {
			if err := a.Cloud.Groups.Resize(ctx, g.Name, change); err != nil {
				return err
			}
		}
	}
	return a.Cloud.Groups.Untag(ctx, g.Name, tagPin)
}

// asFound gives back the limits that were found.
func asFound(found group.Size) (minimum, maximum int) { return found.Min, found.Max }
