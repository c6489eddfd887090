package call_test

import (
	"errors"
	"io"
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
