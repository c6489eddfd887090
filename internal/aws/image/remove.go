package image

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
)

// Deprecate marks an image as one that should not be used from a time on, which must be to come. EC2 rounds it to a minute.
func (c *Client) Deprecate(ctx context.Context, id string, at time.Time) error {
	_, err := c.api.EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{ImageId: &id, DeprecateAt: aws.Time(at.UTC())})
	return awserr.Wrap(err, "deprecate image %s", id)
}

// Disable makes an image unusable until it is enabled again. It is no longer shared with anybody then.
func (c *Client) Disable(ctx context.Context, id string) error {
	_, err := c.api.DisableImage(ctx, &ec2.DisableImageInput{ImageId: &id})
	return awserr.Wrap(err, "disable image %s", id)
}

// Enable makes a disabled image usable by this account again.
func (c *Client) Enable(ctx context.Context, id string) error {
	_, err := c.api.EnableImage(ctx, &ec2.EnableImageInput{ImageId: &id})
	return awserr.Wrap(err, "enable image %s", id)
}

// Deregister removes an image and its snapshots, but for those that other images are made of, too. An image that is gone is
// awserr.ErrNotFound, and one that is protected from it awserr.ErrProtected. When the image is removed and a snapshot is not, the
// error says so: OrphanSnapshots finds it.
func (c *Client) Deregister(ctx context.Context, id string) error {
	i, err := c.Get(ctx, id)
	if err != nil {
		return err
	}
	if i.Protected {
		return fmt.Errorf("deregister image %s: %w", id, awserr.ErrProtected)
	}
	out, err := c.api.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &id, DeleteAssociatedSnapshots: aws.Bool(true)})
	err = awserr.Wrap(err, "deregister image %s", id)
	if err != nil && !errors.Is(err, awserr.ErrNotFound) {
		return err
	}
	settled := map[string]bool{} // nothing, where the answer to an earlier attempt got lost
	if out != nil {
		for _, r := range out.DeleteSnapshotResults {
			settled[aws.ToString(r.SnapshotId)] = r.ReturnCode == types.SnapshotReturnCodesSuccess || r.ReturnCode == types.SnapshotReturnCodesWarnSkipped
		}
	}
	var left []error
	for _, snapshot := range i.Snapshots {
		if settled[snapshot] {
			continue
		}
		if err := c.DeleteSnapshot(ctx, snapshot); err != nil && awserr.Code(err) != inUse {
			left = append(left, fmt.Errorf("image %s is deregistered: %w", id, err))
		}
	}
	return errors.Join(left...)
}

// inUse is EC2's code for a snapshot that an image is made of.
const inUse = "InvalidSnapshot.InUse"

// DeleteSnapshot removes a snapshot; one that is gone already is fine.
func (c *Client) DeleteSnapshot(ctx context.Context, id string) error {
	_, err := c.api.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &id})
	err = awserr.Wrap(err, "delete snapshot %s", id)
	if errors.Is(err, awserr.ErrNotFound) {
		return nil
	}
	return err
}
