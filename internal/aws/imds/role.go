package imds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"bluegreen/internal/aws/awserr"
)

// Role has the SDK ask for the credentials of the instance's role by this client.
func (c *Client) Role(o *ec2rolecreds.Options) { o.Client = role{c.api} }

// role gives the errors of the metadata service the kinds that fit the calls of other services, which is where they come out.
type role struct{ api }

func (r role) GetMetadata(ctx context.Context, in *imds.GetMetadataInput, options ...func(*imds.Options)) (*imds.GetMetadataOutput, error) {
	out, err := r.api.GetMetadata(ctx, in, options...)
	if err == nil {
		return out, nil
	}
	err = failed(ctx, err, "the credentials of the instance's role")
	if errors.Is(err, awserr.ErrNotFound) {
		// It is not the thing that was called for that does not exist.
		return nil, fmt.Errorf("the instance has no role: %w", awserr.ErrDenied)
	}
	return nil, err
}
