package imds

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"bluegreen/internal/aws/awserr"
)

// Target is the state that Auto Scaling is bringing an instance to. It says Terminated before the instance comes to wait for
// its hook in Terminating:Wait.
type Target string

// The targets that are known. There may be others.
const (
	NeverSet         Target = "" // the instance is in no group, or in one that has not moved it yet
	InService        Target = "InService"
	Standby          Target = "Standby"
	Detached         Target = "Detached"
	Terminated       Target = "Terminated"
	WarmedRunning    Target = "Warmed:Running"
	WarmedStopped    Target = "Warmed:Stopped"
	WarmedHibernated Target = "Warmed:Hibernated"
	WarmedTerminated Target = "Warmed:Terminated"
)

// Terminating says that the instance is to end.
func (t Target) Terminating() bool { return t == Terminated || t == WarmedTerminated }

// Target reads the state that Auto Scaling is bringing the instance to.
func (c *Client) Target(ctx context.Context) (Target, error) {
	const path = "autoscaling/target-lifecycle-state"
	text, err := c.text(ctx, path)
	if errors.Is(err, awserr.ErrNotFound) {
		return NeverSet, nil
	}
	if err != nil {
		return NeverSet, err
	}
	target, ok := parseTarget(text)
	if !ok {
		return NeverSet, garbled(path, text)
	}
	return target, nil
}

// parseTarget takes any word of the kind, so that a state that Auto Scaling gets tomorrow is not an error.
func parseTarget(text string) (Target, bool) {
	const longest = 64
	text = strings.TrimSpace(text)
	odd := func(r rune) bool { return r != ':' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') }
	if text == "" || len(text) > longest || strings.ContainsFunc(text, odd) {
		return NeverSet, false
	}
	return Target(text), true
}

// Interruption is what EC2 has announced to do with a Spot instance.
type Interruption struct {
	Action string    `json:"action"` // "terminate", "stop" or "hibernate"; the last one comes at once
	Time   time.Time `json:"time"`   // when, about two minutes ahead
}

// Interruption reads the Spot interruption notice: none, and false, as long as there is none, and on an instance that is not a
// Spot one.
func (c *Client) Interruption(ctx context.Context) (Interruption, bool, error) {
	const path = "spot/instance-action"
	return notice(ctx, c, path, parseInterruption)
}

func parseInterruption(document string) (i Interruption, ok bool) {
	if err := json.Unmarshal([]byte(document), &i); err != nil || i.Action == "" || i.Time.IsZero() {
		return Interruption{}, false
	}
	return i, true
}

// Rebalance reads when EC2 recommended to replace a Spot instance because an interruption has become likelier: no time, and
// false, as long as it has not.
func (c *Client) Rebalance(ctx context.Context) (time.Time, bool, error) {
	const path = "events/recommendations/rebalance"
	return notice(ctx, c, path, parseRebalance)
}

func parseRebalance(document string) (time.Time, bool) {
	var n struct {
		NoticeTime time.Time `json:"noticeTime"`
	}
	if err := json.Unmarshal([]byte(document), &n); err != nil || n.NoticeTime.IsZero() {
		return time.Time{}, false
	}
	return n.NoticeTime, true
}

// notice reads a document that is there only when there is something to say.
func notice[N any](ctx context.Context, c *Client, path string, parse func(string) (N, bool)) (n N, found bool, err error) {
	text, err := c.text(ctx, path)
	if errors.Is(err, awserr.ErrNotFound) {
		return n, false, nil
	}
	if err != nil {
		return n, false, err
	}
	n, ok := parse(text)
	if !ok {
		return n, false, garbled(path, text)
	}
	return n, true, nil
}
