// Package secrets reads Secrets Manager. What it reads is sealed: it is in no error, and nothing prints it.
package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/sealed"
)

type api interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Client calls Secrets Manager.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{secretsmanager.NewFromConfig(cfg)} }

// Secret is the current version of a secret, or of one key of it.
type Secret struct {
	ARN     string
	Version string // changes with every rotation; two reads of one version have the same value
	Created time.Time
	Value   sealed.Text
}

// Get reads a secret by its name or ARN. A reference with a key, as "shop/db#password", means that key of the JSON object that
// the secret is: a text as it is, anything else in JSON. A missing secret and a missing key are awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, reference string) (Secret, error) {
	id, key, keyed := strings.Cut(reference, "#") // no name and no ARN can have one
	if id == "" || keyed && key == "" {
		return Secret{}, fmt.Errorf("read secret %q: want NAME, ARN, or either with #KEY", reference)
	}
	out, err := c.api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id}, home(id))
	if err != nil {
		return Secret{}, awserr.Wrap(err, "read secret %s", id)
	}
	value := aws.ToString(out.SecretString)
	if out.SecretString == nil {
		value = string(out.SecretBinary)
	}
	if keyed {
		if value, err = member(value, key); err != nil {
			return Secret{}, fmt.Errorf("read secret %s: %w", id, err)
		}
	}
	return Secret{
		ARN: aws.ToString(out.ARN), Version: aws.ToString(out.VersionId), Created: aws.ToTime(out.CreatedDate), Value: sealed.New(value),
	}, nil
}

// home sends a call for an ARN to the region that the ARN names.
func home(id string) func(*secretsmanager.Options) {
	return func(o *secretsmanager.Options) {
		if a, err := arn.Parse(id); err == nil && a.Region != "" {
			o.Region = a.Region
		}
	}
}

// member reads one key of an object. Errors of encoding/json are not passed on: they quote what they stumble over.
func member(object, key string) (string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &members); err != nil || members == nil {
		return "", fmt.Errorf("it is no JSON object, so that it has no key %q", key)
	}
	raw, found := members[key]
	if !found {
		return "", fmt.Errorf("key %q: %w", key, awserr.ErrNotFound)
	}
	if raw[0] != '"' && string(raw) != "null" {
		return string(raw), nil // a number, a list, an object: as it stands
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil {
		return "", fmt.Errorf("key %q is null: %w", key, awserr.ErrNotFound)
	}
	return *text, nil
}
