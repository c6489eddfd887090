// Package imds asks the metadata service of the instance that the program runs on: who it is, how it is tagged, and what is
// about to happen to it. It speaks version 2 only, the one that a request forged by somebody else does not get through.
package imds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	GetMetadata(context.Context, *imds.GetMetadataInput, ...func(*imds.Options)) (*imds.GetMetadataOutput, error)
	GetDynamicData(context.Context, *imds.GetDynamicDataInput, ...func(*imds.Options)) (*imds.GetDynamicDataOutput, error)
}

// Client calls the metadata service. What is not there is awserr.ErrNotFound. No answer, and no token to ask with, are
// awserr.ErrUnreachable, after three attempts within five seconds, unless the context ends first.
type Client struct{ api api }

// Options says where the service is. The zero value is that of every instance.
type Options struct {
	// Endpoint is a URL; that of AWS_EC2_METADATA_SERVICE_ENDPOINT, or AWS's own, when empty.
	Endpoint string
	// HTTP replaces the transport, e.g. by one that reaches a service inside this process.
	HTTP http.RoundTripper
}

// attempts is how often the SDK tries a call in all.
const attempts = 3

// New makes a client. It makes no call.
func New(o Options) *Client {
	var transport imds.HTTPClient = direct()
	if o.HTTP != nil {
		transport = &http.Client{Transport: o.HTTP}
	}
	return &Client{imds.New(imds.Options{
		Endpoint: o.Endpoint, EndpointMode: mode(), HTTPClient: transport, EnableFallback: aws.FalseTernary,
		Retryer: retry.NewStandard(func(s *retry.StandardOptions) { s.MaxAttempts = attempts }),
	})}
}

// direct is a client that asks no proxy, whatever the environment says: a proxy would tell of its own instance, if of any. The
// SDK gives it the timeouts for a service that is a hop away.
func direct() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil })
}

// mode is the version of IP by which AWS's own endpoint is reached; one that is unknown is none.
func mode() imds.EndpointModeState {
	var m imds.EndpointModeState
	_ = m.SetFromString(os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"))
	return m
}

// text reads an item of metadata.
func (c *Client) text(ctx context.Context, item string) (string, error) {
	out, err := c.api.GetMetadata(ctx, &imds.GetMetadataInput{Path: item})
	if err != nil {
		return "", failed(ctx, err, item)
	}
	content, err := io.ReadAll(out.Content)
	if err != nil {
		return "", failed(ctx, err, item)
	}
	return string(content), nil
}

// failed says what kind of error an answer, or none, is.
func failed(ctx context.Context, err error, what string) error {
	e := &awserr.Error{Op: fmt.Sprintf("ask the metadata service for %s", what), Err: err}
	var answer *smithyhttp.ResponseError
	switch {
	case ctx.Err() != nil:
	case !errors.As(err, &answer):
		// The SDK hides what went wrong with a token. Whatever it was, the service cannot be asked.
		e.Kind = awserr.ErrUnreachable
	case answer.HTTPStatusCode() == http.StatusNotFound:
		e.Kind = awserr.ErrNotFound
	case answer.HTTPStatusCode() == http.StatusForbidden:
		e.Kind = awserr.ErrDenied
	default:
		e.Kind = awserr.ErrUnreachable
	}
	return e
}

// garbled is an answer that cannot be what was asked for: something else answers at the address of the service.
func garbled(what, answer string) error {
	const enough = 40
	if len(answer) > enough {
		answer = answer[:enough] + "…"
	}
	return fmt.Errorf("ask the metadata service for %s: cannot make sense of %q", what, answer)
}

// Tags reads the instance's tags. They are awserr.ErrNotFound where the instance's metadata options do not allow them.
func (c *Client) Tags(ctx context.Context) (map[string]string, error) {
	const all = "tags/instance"
	list, err := c.text(ctx, all)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for key := range strings.Lines(list) {
		key = strings.TrimRight(key, "\r\n")
		if !isTagKey(key) {
			return nil, garbled(all, list)
		}
		value, err := c.text(ctx, all+"/"+key)
		if errors.Is(err, awserr.ErrNotFound) {
			continue // it was removed since the list was made
		}
		if err != nil {
			return nil, err
		}
		tags[key] = value
	}
	return tags, nil
}

// isTagKey says whether a key stays itself at the end of a path. EC2 lists no others.
func isTagKey(key string) bool {
	return key != "" && path.Clean("/"+key) == "/"+key && !strings.ContainsAny(key, "<>\x00")
}
