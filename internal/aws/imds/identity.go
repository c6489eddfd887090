package imds

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// Identity is what an instance is.
type Identity struct {
	InstanceID   string    `json:"instanceId"`
	Account      string    `json:"accountId"`
	Region       string    `json:"region"`
	Zone         string    `json:"availabilityZone"`
	ImageID      string    `json:"imageId"`
	Type         string    `json:"instanceType"`
	Architecture string    `json:"architecture"` // "x86_64" or "arm64"
	PrivateIP    string    `json:"privateIp"`
	Launched     time.Time `json:"pendingTime"`
}

// Identity reads the instance's identity document.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	const what = "the identity document"
	out, err := c.api.GetDynamicData(ctx, &imds.GetDynamicDataInput{Path: "instance-identity/document"})
	if err != nil {
		return Identity{}, failed(ctx, err, what)
	}
	content, err := io.ReadAll(out.Content)
	if err != nil {
		return Identity{}, failed(ctx, err, what)
	}
	id, ok := parseIdentity(content)
	if !ok {
		return Identity{}, garbled(what, string(content))
	}
	return id, nil
}

func parseIdentity(document []byte) (id Identity, ok bool) {
	if err := json.Unmarshal(document, &id); err != nil || id.InstanceID == "" || id.Region == "" {
		return Identity{}, false
	}
	return id, true
}
