package awserr_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"

	"bluegreen/internal/aws/awserr"
)

func TestDeniedAction(t *testing.T) {
	call := func(service, operation, code, message string) error {
		return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: message}}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{awserr.Wrap(call("EC2", "DescribeImages", "InvalidAMIID.NotFound", "no"), "look"), ""},
		{awserr.Wrap(call("EC2", "DescribeImages", "UnauthorizedOperation", "You are not authorized to perform this operation."), "look"), "ec2:DescribeImages"},
		{awserr.Wrap(call("Auto Scaling", "DescribeAutoScalingGroups", "AccessDenied", "no"), "look"), "autoscaling:DescribeAutoScalingGroups"},
		{fmt.Errorf("x: %w", awserr.Wrap(call("S3", "ListObjectsV2", "AccessDenied",
			`User: arn:aws:iam::123456789012:user/x is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::b"`), "look")), "s3:ListBucket"},
		{fmt.Errorf("look: %w", awserr.ErrDenied), ""},
		{errors.New("x"), ""},
	} {
		if got := awserr.DeniedAction(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
