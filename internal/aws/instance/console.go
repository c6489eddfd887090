package instance

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"bluegreen/internal/aws/awserr"
)

// noLatest is EC2's code for a type of instance whose console cannot be read while it runs.
const noLatest = "UnsupportedOperation"

// Console is what an instance has written to its console so far, the last 64 KB of it; "" while there is nothing. Types of
// instances that are not of the Nitro system give it only some minutes after a boot, and an old one until then.
func (c *Client) Console(ctx context.Context, id string) (text string, err error) {
	in := &ec2.GetConsoleOutputInput{InstanceId: &id, Latest: aws.Bool(true)}
	out, err := c.api.GetConsoleOutput(ctx, in)
	if awserr.Code(err) == noLatest {
		in.Latest = nil
		out, err = c.api.GetConsoleOutput(ctx, in)
	}
	if err != nil {
		return "", awserr.Wrap(err, "read the console of instance %s", id)
	}
	plain, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
	if err != nil {
		return "", fmt.Errorf("read the console of instance %s: %w", id, err)
	}
	return string(plain), nil
}
