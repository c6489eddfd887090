// Package awserr turns the errors of AWS's APIs into a few kinds that the rest of the program decides by. It is the only
// place that knows error codes that all services share; those of one service are known to its adapter.
package awserr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The kinds. Match them with errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("exists already")
	ErrThrottled   = errors.New("throttled")
	ErrDenied      = errors.New("not allowed")
	ErrUnreachable = errors.New("unreachable")
	ErrProtected   = errors.New("protected from it")
	ErrNoCapacity  = errors.New("no capacity")
)

// Error is a failed call in the words of what it was for.
type Error struct {
	Op   string // what was being done, e.g. `describe load balancer "shop-blue-alb"`
	Code string // AWS's code; empty when no answer came
	Kind error  // one of the kinds above, or nil
	Err  error  // what the SDK said
}

func (e *Error) Error() string {
	var api smithy.APIError
	switch {
	case errors.As(e.Err, &api):
		return fmt.Sprintf("%s: %s (%s)", e.Op, api.ErrorMessage(), api.ErrorCode())
	case e.Kind != nil && !errors.Is(e.Kind, ErrUnreachable):
		return fmt.Sprintf("%s: %v", e.Op, e.Kind)
	default:
		return fmt.Sprintf("%s: %v", e.Op, root(e.Err))
	}
}

// Unwrap gives both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}

// root skips the SDK's own wrapping, which repeats the operation and speaks of an answer where there was none.
func root(err error) error {
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		return send.Err
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// codes that mean the same in every service. Services prefix them at will, so each adapter adds its own.
var kinds = map[string]error{
	"AccessDenied":                                     ErrDenied,
	"AccessDeniedException":                            ErrDenied,
	"UnauthorizedOperation":                            ErrDenied,
	"AuthFailure":                                      ErrDenied,
	"InvalidClientTokenId":                             ErrDenied,
	"UnrecognizedClientException":                      ErrDenied,
	"ExpiredToken":                                     ErrDenied,
	"ExpiredTokenException":                            ErrDenied,
	"SignatureDoesNotMatch":                            ErrDenied,
	"MissingAuthenticationToken":                       ErrDenied,
	"OptInRequired":                                    ErrDenied,
	"RequestExpired":                                   ErrDenied,
	"InvalidAccessKeyId":                               ErrDenied,
	"InvalidToken":                                     ErrDenied,
	"NoSuchHostedZone":                                 ErrNotFound,
	"NoSuchChange":                                     ErrNotFound,
	"LoadBalancerNotFound":                             ErrNotFound,
	"TargetGroupNotFound":                              ErrNotFound,
	"ParameterNotFound":                                ErrNotFound,
	"ResourceNotFoundException":                        ErrNotFound,
	"InvalidAMIID.NotFound":                            ErrNotFound,
	"InvalidAMIID.Unavailable":                         ErrNotFound,
	"InvalidID":                                        ErrNotFound, // of what is to be tagged
	"InvalidSnapshot.NotFound":                         ErrNotFound,
	"InvalidInstanceID.NotFound":                       ErrNotFound,
	"InvalidInstanceId":                                ErrNotFound, // in Systems Manager
	"InvocationDoesNotExist":                           ErrNotFound,
	"ImageNotFoundException":                           ErrNotFound,
	"RepositoryNotFoundException":                      ErrNotFound,
	"NoSuchBucket":                                     ErrNotFound,
	"NoSuchKey":                                        ErrNotFound,
	"ParameterAlreadyExists":                           ErrExists,
	"AlreadyExists":                                    ErrExists,
	"InvalidAMIName.Duplicate":                         ErrExists,
	"DuplicateLoadBalancerName":                        ErrExists,
	"DuplicateTargetGroupName":                         ErrExists,
	"DuplicateListener":                                ErrExists,
	"OperationNotPermitted":                            ErrProtected,
	"InsufficientInstanceCapacity":                     ErrNoCapacity,
	"InsufficientHostCapacity":                         ErrNoCapacity,
	"InstanceLimitExceeded":                            ErrNoCapacity,
	"VcpuLimitExceeded":                                ErrNoCapacity,
	"MaxSpotInstanceCountExceeded":                     ErrNoCapacity,
	"SpotMaxPriceTooLow":                               ErrNoCapacity,
	"PriorRequestNotComplete":                          ErrThrottled,
	"TooManyUpdates":                                   ErrThrottled,
	"InternalFailure":                                  ErrUnreachable,
	"InternalError":                                    ErrUnreachable,
	"ServiceUnavailable":                               ErrUnreachable,
	"ServiceUnavailableException":                      ErrUnreachable,
	"InternalServerError":                              ErrUnreachable,
	"InternalServerErrorException":                     ErrUnreachable,
	"ResourceContention":                               ErrThrottled,
	"ScalingActivityInProgress":                        ErrThrottled,
	"InvalidLaunchTemplateId.NotFound":                 ErrNotFound,
	"InvalidLaunchTemplateName.NotFoundException":      ErrNotFound,
	"InvalidLaunchTemplateId.VersionNotFound":          ErrNotFound,
	"InvalidLaunchTemplateName.AlreadyExistsException": ErrExists,
}

// Wrap says what was being done when err came back, and what kind of error it is. A nil err stays nil.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: fmt.Sprintf(format, args...), Err: err}
	var api smithy.APIError
	if errors.As(err, &api) {
		e.Code = api.ErrorCode()
		e.Kind = kinds[e.Code]
		if _, throttle := retry.DefaultThrottleErrorCodes[e.Code]; throttle {
			e.Kind = ErrThrottled
		}
		if e.Kind == nil && failedInside(err) {
			e.Kind = ErrUnreachable
		}
		return e
	}
	if failedInside(err) { // and what came could not be read, e.g. a proxy's HTML
		e.Kind = ErrUnreachable
		return e
	}
	var netErr net.Error
	if errors.As(err, &netErr) && !ended(err) {
		e.Kind = ErrUnreachable
	}
	return e
}

// failedInside says that an answer is one of a service, or of something before it, that is broken. Services have more codes
// for that than anybody knows.
func failedInside(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError
}

// ended says that a call was given up by its caller. A network that keeps one waiting is another thing, but a dial that timed
// out calls itself a context.DeadlineExceeded, too.
func ended(err error) bool {
	var canceled interface{ CanceledError() bool }
	return errors.Is(err, context.Canceled) || errors.As(err, &canceled) && canceled.CanceledError()
}

// Code is AWS's error code in err, or "".
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Transient says that the same call may well succeed later: it was throttled, or no answer came.
func Transient(err error) bool {
	return errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnreachable)
}
