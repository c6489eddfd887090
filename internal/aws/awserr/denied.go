package awserr

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"bluegreen/internal/pattern"
)

// actionIn finds the action in what AWS says to somebody who may not take it.
var actionIn = pattern.Lazy(`not authorized to perform: ([a-z0-9-]+:\w+)`)

// prefixes are those of the actions of services whose id is another word.
var prefixes = map[string]string{"auto scaling": "autoscaling", "elastic load balancing v2": "elasticloadbalancing", "secrets manager": "secretsmanager", "route 53": "route53"}

// DeniedAction is the action that somebody lacks, such as "ssm:GetParameter"; "" where err is no ErrDenied. Not every service
// names it: then it is that of the call.
func DeniedAction(err error) string {
	if !errors.Is(err, ErrDenied) {
		return ""
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if found := actionIn().FindStringSubmatch(api.ErrorMessage()); found != nil {
			return found[1]
		}
	}
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return ""
	}
	service := strings.ToLower(op.Service())
	if prefix, ok := prefixes[service]; ok {
		service = prefix
	}
	return service + ":" + op.Operation()
}
