package traffic

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bluegreen/internal/aws/dns"
)

// Zone sends batches for one app.
type Zone struct {
	App    App
	Client *dns.Client
}

// Read lists what the zone holds for the app. One call, if the fence and the names stand within one page of the zone.
func (z Zone) Read(ctx context.Context) (Set, error) {
	listed, err := z.Client.List(ctx, z.App.Zone, append([]string{z.App.Fence}, z.App.Names...)...)
	if err != nil {
		return Set{}, err
	}
	return z.App.Parse(listed)
}

// Applied is a batch that came to be.
type Applied struct {
	Set      Set
	Fence    Fence
	ChangeID string // by which Route 53 tells when all its name servers have it
}

// PreemptedError says that another deployment, or another process of this one, has taken the fence.
type PreemptedError struct{ By Fence }

func (e *PreemptedError) Error() string {
	return fmt.Sprintf("deployment %s took over (epoch %d, %s): this process no longer moves traffic", e.By.Deployment, e.By.Epoch, e.By.Op)
}

// StopsRun tells the step engine to leave everything as it is: it is another process's now.
func (e *PreemptedError) StopsRun() bool { return true }

// ForeignError says that somebody changed the app's records beside us.
type ForeignError struct{ Diff []string }

func (e *ForeignError) Error() string {
	return "somebody else changed the records: " + strings.Join(e.Diff, "; ")
}

// StopsRun tells the step engine to leave everything as it is: what they meant by it is for a human to say.
func (e *ForeignError) StopsRun() bool { return true }

// Check compares what the zone holds with what we left there.
func (z Zone) Check(ours, found Set) error {
	mine, _, err := ours.ParseFence()
	if err != nil {
		return err
	}
	fence, ok, err := found.ParseFence()
	switch {
	case ours.Fence != nil && !ok:
		return &ForeignError{Diff: []string{"the fence " + z.App.Fence + " is gone"}}
	case err != nil:
		return &ForeignError{Diff: []string{err.Error()}}
	case ok && (fence.Epoch != mine.Epoch || fence.Nonce != mine.Nonce):
		return &PreemptedError{By: fence}
	case ok && !found.Fence.Equal(*ours.Fence):
		return &ForeignError{Diff: []string{"the fence " + z.App.Fence + " was changed beside its nonce"}}
	}
	if diff := Diff(ours, found); len(diff) > 0 {
		return &ForeignError{Diff: diff}
	}
	return nil
}

// bumps is how often a lost change id is replaced. Each time the reply to a batch has to be lost again.
const bumps = 5

// Apply sends a batch. When that fails, whatever the error says of the SDK's last attempt, an earlier one may have come to be
// and its reply got lost. The zone tells: the fence then has the batch's nonce. If not, the error says who changed what.
func (z Zone) Apply(ctx context.Context, b Batch) (Applied, error) {
	for range bumps {
		id, err := z.Client.Apply(ctx, z.App.Zone, b.Changes, fmt.Sprintf("bluegreen %s %s", b.Fence.Deployment, b.Fence.Op))
		if err == nil {
			return Applied{Set: b.To, Fence: b.Fence, ChangeID: id}, nil
		}
		if ctx.Err() != nil {
			return Applied{}, err
		}
		found, readErr := z.Read(ctx)
		if readErr != nil {
			return Applied{}, errors.Join(err, readErr)
		}
		if there, ok, parseErr := found.ParseFence(); parseErr != nil || !ok || there.Nonce != b.Fence.Nonce {
			if differs := z.Check(b.From, found); differs != nil {
				return Applied{}, differs
			}
			return Applied{}, err // the zone is as it was
		}
		if diff := Diff(b.To, found); len(diff) > 0 { // it came to be, and somebody changed it since
			return Applied{}, &ForeignError{Diff: diff}
		}
		if b, err = z.App.bump(b); err != nil {
			return Applied{}, err
		}
	}
	return Applied{}, fmt.Errorf("change the records of zone %s: the replies to %d batches in a row were lost", z.App.Zone, bumps)
}

// bump is a batch that changes the fence's nonce only, to get a change id that stands for the batch before it too: a
// zone's changes reach its name servers in order.
func (a App) bump(b Batch) (Batch, error) {
	w, err := a.Weights(b.To)
	if err != nil {
		return Batch{}, err
	}
	proven := make([]Color, 0, len(w))
	for c := range w {
		proven = append(proven, c)
	}
	return a.Plan(b.To, Want{Weights: w, Fence: b.Fence, Proven: proven})
}
