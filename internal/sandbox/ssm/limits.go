package ssm

import (
	"time"

	"bluegreen/internal/sandbox/wire"
)

// Limits are requests per second, each with a burst of one second; zero is no limit.
type Limits struct {
	Put float64 // PutParameter
	Get float64 // GetParameter, GetParameters, GetParametersByPath, GetParameterHistory together
}

// DefaultLimits are the quotas of an account that has asked for no more.
var DefaultLimits = Limits{Put: 3, Get: 40}

// SetLimits makes requests beyond l fail with a ThrottlingException. They count in the account's time: an account that
// runs ten times as fast as AWS takes ten times as many.
func (s *Service) SetLimits(l Limits) {
	now := s.acct.Now()
	s.puts = newBucket(l.Put, s.acct.Scaled(time.Second), now)
	s.gets = newBucket(l.Get, s.acct.Scaled(time.Second), now)
}

// bucket is a token bucket. The zero value gives without end.
type bucket struct {
	size   float64 // tokens that it holds, and gets back each period
	period time.Duration
	tokens float64
	filled time.Time
}

func newBucket(rate float64, period time.Duration, now time.Time) bucket {
	size := rate
	if rate > 0 {
		size = max(rate, 1)
		period = time.Duration(float64(period) * size / rate)
	}
	return bucket{size: size, period: period, tokens: size, filled: now}
}

func (b *bucket) take(now time.Time) error {
	if b.size == 0 {
		return nil
	}
	b.tokens = min(b.size, b.tokens+b.size*float64(now.Sub(b.filled))/float64(b.period))
	b.filled = now
	// A whole second of waiting may come to a hair less than a token.
	if b.tokens < 1-1e-9 {
		return wire.Errorf("ThrottlingException", "Rate exceeded")
	}
	b.tokens--
	return nil
}
