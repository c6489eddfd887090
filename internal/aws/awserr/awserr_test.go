package awserr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// refused is an answer of a service, as the SDK wraps it.
func refused(status int, code, text string) error {
	return operation(&awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: &smithy.GenericAPIError{Code: code, Message: text},
	}})
}

func operation(err error) error {
	return &smithy.OperationError{ServiceID: "Thing", OperationName: "DescribeThings", Err: err}
}

// unsent is a call that got no answer.
func unsent(err error) error {
	return operation(&awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{}}, Err: &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://x/", Err: err}},
	}})
}

func TestWrap(t *testing.T) {
	_, noRoute := (&net.Dialer{Timeout: time.Nanosecond}).Dial("tcp", "127.0.0.1:1")
	if !errors.Is(noRoute, context.DeadlineExceeded) {
		t.Fatalf("a dial that timed out is %v", noRoute) // the case below would not be one
	}
	all := []error{ErrNotFound, ErrExists, ErrThrottled, ErrDenied, ErrUnreachable, ErrProtected, ErrNoCapacity}
	for name, c := range map[string]struct {
		err       error
		text      string
		kind      error
		code      string
		transient bool
	}{
		"not found":                          {refused(400, "LoadBalancerNotFound", "none"), "look: none (LoadBalancerNotFound)", ErrNotFound, "LoadBalancerNotFound", false},
		"an AMI":                             {refused(400, "InvalidAMIID.NotFound", "none"), "look: none (InvalidAMIID.NotFound)", ErrNotFound, "InvalidAMIID.NotFound", false},
		"protected":                          {refused(400, "OperationNotPermitted", "kept"), "look: kept (OperationNotPermitted)", ErrProtected, "OperationNotPermitted", false},
		"no capacity":                        {refused(500, "InsufficientInstanceCapacity", "none"), "look: none (InsufficientInstanceCapacity)", ErrNoCapacity, "InsufficientInstanceCapacity", false},
		"a bucket":                           {refused(404, "NoSuchBucket", "none"), "look: none (NoSuchBucket)", ErrNotFound, "NoSuchBucket", false},
		"throttled, S3":                      {refused(503, "SlowDown", "slow"), "look: slow (SlowDown)", ErrThrottled, "SlowDown", true},
		"expired, EC2":                       {refused(400, "RequestExpired", "old"), "look: old (RequestExpired)", ErrDenied, "RequestExpired", false},
		"exists":                             {refused(400, "ParameterAlreadyExists", "there"), "look: there (ParameterAlreadyExists)", ErrExists, "ParameterAlreadyExists", false},
		"throttled":                          {refused(400, "Throttling", "slow"), "look: slow (Throttling)", ErrThrottled, "Throttling", true},
		"throttled, EC2":                     {refused(503, "RequestLimitExceeded", "slow"), "look: slow (RequestLimitExceeded)", ErrThrottled, "RequestLimitExceeded", true},
		"throttled, SSM":                     {refused(400, "ThrottlingException", "slow"), "look: slow (ThrottlingException)", ErrThrottled, "ThrottlingException", true},
		"busy":                               {refused(400, "PriorRequestNotComplete", "busy"), "look: busy (PriorRequestNotComplete)", ErrThrottled, "PriorRequestNotComplete", true},
		"denied":                             {refused(403, "AccessDenied", "no"), "look: no (AccessDenied)", ErrDenied, "AccessDenied", false},
		"expired":                            {refused(403, "ExpiredToken", "old"), "look: old (ExpiredToken)", ErrDenied, "ExpiredToken", false},
		"an error of theirs that we know":    {refused(500, "InternalFailure", "oops"), "look: oops (InternalFailure)", ErrUnreachable, "InternalFailure", true},
		"an error of theirs that is unknown": {refused(502, "InternalServiceFault", "oops"), "look: oops (InternalServiceFault)", ErrUnreachable, "InternalServiceFault", true},
		"an answer of no service":            {refused(503, "UnknownError", "UnknownError"), "look: UnknownError (UnknownError)", ErrUnreachable, "UnknownError", true},
		"an answer that cannot be read": {
			operation(&awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
				Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 502}}, Err: &smithy.DeserializationError{Err: errors.New("<html>")},
			}}), "look: https response error StatusCode: 502, RequestID: , deserialization failed, <html>", ErrUnreachable, "", true,
		},
		"an error of ours": {refused(400, "ValidationError", "what?"), "look: what? (ValidationError)", nil, "ValidationError", false},
		"cut off": {
			unsent(syscall.ECONNRESET), `look: Post "https://x/": connection reset by peer`,
			ErrUnreachable, "", true,
		},
		"no route": {
			unsent(noRoute), `look: Post "https://x/": dial tcp 127.0.0.1:1: i/o timeout`,
			ErrUnreachable, "", true,
		},
		"no such host": {
			unsent(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}),
			`look: Post "https://x/": lookup x: no such host`, ErrUnreachable, "", true,
		},
		"interrupted in a call": {
			operation(&smithy.CanceledError{Err: context.Canceled}), "look: canceled, context canceled", nil, "", false,
		},
		"out of time in a call": {
			operation(&smithy.CanceledError{Err: context.DeadlineExceeded}), "look: canceled, context deadline exceeded", nil, "", false,
		},
		"interrupted between two attempts": {
			operation(&aws.RequestCanceledError{Err: context.Canceled}), "look: request canceled, context canceled", nil, "", false,
		},
		"interrupted while it was sent": {
			operation(fmt.Errorf("x: %w", &url.Error{Op: "Post", URL: "https://x/", Err: context.Canceled})), `look: x: Post "https://x/": context canceled`, nil, "", false,
		},
		"no credentials": {
			operation(errors.New("get identity: no EC2 IMDS role found")), "look: get identity: no EC2 IMDS role found", nil, "", false,
		},
		"nothing of the SDK": {errors.New("plain"), "look: plain", nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := Wrap(c.err, "lo%s", "ok")
			if err.Error() != c.text {
				t.Errorf("got  %s\nwant %s", err, c.text)
			}
			for _, kind := range all {
				if got := errors.Is(err, kind); got != errors.Is(c.kind, kind) {
					t.Errorf("%v: %v", kind, got)
				}
			}
			if Code(err) != c.code || Transient(err) != c.transient || !errors.Is(err, c.err) {
				t.Errorf("code %s, transient %v", Code(err), Transient(err))
			}
			var e *Error
			if !errors.As(err, &e) || e.Op != "look" || e.Code != c.code || !errors.Is(e.Kind, c.kind) {
				t.Errorf("got %+v", e)
			}
		})
	}
	if err := Wrap(nil, "look"); err != nil || Transient(nil) || Code(nil) != "" {
		t.Errorf("nothing: %v", err)
	}
}
