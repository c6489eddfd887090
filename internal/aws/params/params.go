// Package params reads and writes Parameter Store: small texts by path, in the standard tier.
package params

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/sealed"
)

// MaxValue is how many bytes a parameter of the standard tier holds.
const MaxValue = 4096

type api interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	GetParametersByPath(context.Context, *ssm.GetParametersByPathInput, ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error)
	GetParameterHistory(context.Context, *ssm.GetParameterHistoryInput, ...func(*ssm.Options)) (*ssm.GetParameterHistoryOutput, error)
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
	DeleteParameters(context.Context, *ssm.DeleteParametersInput, ...func(*ssm.Options)) (*ssm.DeleteParametersOutput, error)
}

// Client calls Parameter Store.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ssm.NewFromConfig(cfg)} }

// Param is one parameter.
type Param struct {
	Name    string
	Value   string
	Version int64 // grows by one with every write
}

// Get reads a parameter. A missing one is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, name string) (Param, error) {
	out, err := c.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	if err != nil {
		return Param{}, awserr.Wrap(err, "read parameter %s", name)
	}
	return param(*out.Parameter), nil
}

// List reads all parameters below a path, in no particular order.
func (c *Client) List(ctx context.Context, path string) ([]Param, error) {
	var all []Param
	pages := ssm.NewGetParametersByPathPaginator(c.api, &ssm.GetParametersByPathInput{
		Path: aws.String(strings.TrimSuffix(path, "/")), Recursive: aws.Bool(true), MaxResults: aws.Int32(10),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list parameters below %s", path)
		}
		for _, p := range out.Parameters {
			all = append(all, param(p))
		}
	}
	return all, nil
}

// Written is a value that a parameter had, or has.
type Written struct {
	Param
	At time.Time
	By string // ARN of who wrote it
}

// historyPage is how many versions one call gives at most.
const historyPage = 50

// History reads the values that a parameter has had, from the oldest that is kept (of the last hundred) to the one that it has. A
// missing parameter is awserr.ErrNotFound.
func (c *Client) History(ctx context.Context, name string) ([]Written, error) {
	var all []Written
	pages := ssm.NewGetParameterHistoryPaginator(c.api, &ssm.GetParameterHistoryInput{Name: &name, MaxResults: aws.Int32(historyPage)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "read the history of parameter %s", name)
		}
		for _, p := range out.Parameters {
			all = append(all, Written{
				Param: Param{Name: aws.ToString(p.Name), Value: aws.ToString(p.Value), Version: p.Version},
				At:    aws.ToTime(p.LastModifiedDate).UTC(), By: aws.ToString(p.LastModifiedUser),
			})
		}
	}
	slices.SortFunc(all, func(a, b Written) int { return cmp.Compare(a.Version, b.Version) })
	return all, nil
}

// Create writes a parameter that must not exist yet: awserr.ErrExists if it does.
func (c *Client) Create(ctx context.Context, name, value string) (version int64, err error) {
	return c.put(ctx, name, value, false)
}

// Overwrite writes a parameter whether it exists or not. There is no compare-and-swap: a version that is not the one after
// the version last seen shows that somebody else wrote in between.
func (c *Client) Overwrite(ctx context.Context, name, value string) (version int64, err error) {
	return c.put(ctx, name, value, true)
}

func (c *Client) put(ctx context.Context, name, value string, overwrite bool) (int64, error) {
	out, err := c.api.PutParameter(ctx, &ssm.PutParameterInput{
		Name: &name, Value: &value, Type: types.ParameterTypeString, Tier: types.ParameterTierStandard, Overwrite: &overwrite,
	})
	if err != nil {
		return 0, awserr.Wrap(err, "write parameter %s", name)
	}
	return out.Version, nil
}

// deleteBatch is how many names one call takes.
const deleteBatch = 10

// Delete removes parameters; those that are gone already are fine.
func (c *Client) Delete(ctx context.Context, names ...string) error {
	for len(names) > 0 {
		n := min(len(names), deleteBatch)
		if _, err := c.api.DeleteParameters(ctx, &ssm.DeleteParametersInput{Names: names[:n]}); err != nil {
			return awserr.Wrap(err, "delete parameters %s …", names[0])
		}
		names = names[n:]
	}
	return nil
}

func param(p types.Parameter) Param {
	return Param{Name: aws.ToString(p.Name), Value: aws.ToString(p.Value), Version: p.Version}
}

// Sealed is a parameter whose value must not be seen.
type Sealed struct {
	Name    string
	Value   sealed.Text
	Version int64
}

// Secret reads a parameter, decrypted if it is a SecureString. A missing one is awserr.ErrNotFound.
func (c *Client) Secret(ctx context.Context, name string) (Sealed, error) {
	out, err := c.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return Sealed{}, awserr.Wrap(err, "read parameter %s", name)
	}
	p := out.Parameter
	return Sealed{Name: aws.ToString(p.Name), Value: sealed.New(aws.ToString(p.Value)), Version: p.Version}, nil
}
