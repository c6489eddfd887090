package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// ErrLate says that a call was not made, not made again or not waited for, because its moment has passed.
var ErrLate = errors.New("it is too late for this call")

type latestKey struct{}

// NotAfter has no attempt of a call begin, or go on, after a moment of the wall clock. A context's deadline does not see to that: its
// clock stands still while a laptop sleeps, and when the lid opens the call under way would go on as if nothing had happened.
func NotAfter(ctx context.Context, latest time.Time) context.Context {
	return NotAfterAny(ctx, func() time.Time { return latest })
}

// NotAfterAny is NotAfter for many calls: each attempt asks anew for its last moment.
func NotAfterAny(ctx context.Context, latest func() time.Time) context.Context {
	return context.WithValue(ctx, latestKey{}, latest)
}

// RefuseLate has clients keep to NotAfter.
func RefuseLate(stack *middleware.Stack) error {
	if _, tries := stack.Finalize.Get("Retry"); !tries { // the call is not made, but signed for somebody else to make
		return nil
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("bluegreen:NotAfter", refuseLate), "Retry", middleware.After)
}

func refuseLate(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	latest, has := ctx.Value(latestKey{}).(func() time.Time)
	if !has {
		return next.HandleFinalize(ctx, in)
	}
	left := latest().Round(0).Sub(time.Now().Round(0)) // Round strips the clock that stands still
	if left < 0 {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("%w: %s past its time", ErrLate, -left.Round(time.Millisecond))
	}
	short, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	out, metadata, err := next.HandleFinalize(short, in)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: no answer in time: %w", ErrLate, err)
	}
	return out, metadata, err
}
