// Package call is how AWS is called, by all programs: how long an attempt may take, how often there is another one, and after
// which moment there must be none.
package call

import (
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// No answer of AWS that we wait for takes longer than this; a network that swallows packets does, and the SDK by itself would wait
// for as long as the kernel sends them again, which is a quarter of an hour.
const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 20 * time.Second
)

// Transport is the SDK's own one with shorter timeouts. It still takes the certificates of AWS_CA_BUNDLE.
func Transport() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTimeout })
}

// A call is tried nine times in all, with 36 seconds of waiting between them at most: control planes throttle by token buckets that
// take seconds to refill, and the SDK's own 3 attempts give up within a second.
const (
	attempts   = 9
	maxBackoff = 5 * time.Second
)

// Retryer has no budget for retries over several calls. The SDK's would be used up by the first minutes of an outage, and leave one
// attempt to each call after it; who calls paces itself.
func Retryer() aws.Retryer {
	return retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts, s.MaxBackoff = attempts, maxBackoff
		s.RateLimiter = ratelimit.None
	})
}
