package call_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/middleware"

	"bluegreen/internal/aws/call"
)

// account is an AWS account that throttles.
type account struct{ calls int }

func (a *account) Do(*http.Request) (*http.Response, error) {
	a.calls++
	return &http.Response{
		StatusCode: http.StatusBadRequest,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:       io.NopCloser(strings.NewReader(`{"__type":"ThrottlingException","message":"Rate exceeded"}`)),
	}, nil
}

func client(account aws.HTTPClient) *ssm.Client {
	return ssm.NewFromConfig(aws.Config{
		Region: "eu-west-1", HTTPClient: account, Retryer: call.Retryer, Credentials: aws.AnonymousCredentials{},
		APIOptions: []func(*middleware.Stack) error{call.RefuseLate},
	})
}

// A call that has a moment is tried until then, and one whose moment has passed is not made.
func TestNotAfter(t *testing.T) {
	for name, c := range map[string]struct {
		left time.Duration
		want int // calls
		late bool
	}{
		"time enough":  {time.Hour, 9, false},
		"in between":   {time.Nanosecond, 1, true}, // the first attempt is in time
		"already over": {-time.Nanosecond, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &account{}
				ctx := call.NotAfter(t.Context(), time.Now().Add(c.left))
				_, err := client(a).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/x")})
				if a.calls != c.want || err == nil || errors.Is(err, call.ErrLate) != c.late {
					t.Errorf("%d calls, %v; want %d calls", a.calls, err, c.want)
				}
			})
		})
	}
}

// silence is a network that takes a request and never answers.
type silence struct{}

func (silence) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// An attempt that is under way does not go on after its moment.
func TestNotAfterEndsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx := call.NotAfter(t.Context(), begun.Add(7*time.Second))
		_, err := client(silence{}).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/x")})
		if took := time.Since(begun); !errors.Is(err, call.ErrLate) || took != 7*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// A connection on which nothing comes back is given up after 20 seconds.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := call.Transport().GetTransport()
		transport.Proxy = nil
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, there) }()
			return here, nil
		}
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://aws.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		response, err := transport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		if took := time.Since(begun); err == nil || took != 20*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}
