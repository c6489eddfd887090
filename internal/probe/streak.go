package probe

import (
	"context"
	"fmt"

	"bluegreen/internal/wait"
)

// Streak asks until n rounds in a row were good at every address; a bad one starts the count again. How often and for how
// long is up to poll, of which What and Bound may be empty. Its end without success is that of wait.Until: the last seen
// value says what was wrong last.
func (p *Probe) Streak(ctx context.Context, n int, poll wait.Poll) error {
	if n < 1 {
		return fmt.Errorf("probe %s: %d good answers in a row are not something to wait for", p.target.URL(), n)
	}
	if poll.What == "" {
		poll.What = fmt.Sprintf("%d good answers in a row from %s", n, p.target.URL())
	}
	if poll.Bound == "" {
		poll.Bound = fmt.Sprintf("%d in a row", n)
	}
	good := 0
	return wait.Until(ctx, poll, func(ctx context.Context) (bool, string, error) {
		err := p.Once(ctx).Err()
		if ctx.Err() != nil {
			return false, "", ctx.Err()
		}
		if err != nil {
			good = 0
			return false, "0 in a row: " + err.Error(), nil
		}
		good++
		return good >= n, fmt.Sprintf("%d in a row", good), nil
	})
}
