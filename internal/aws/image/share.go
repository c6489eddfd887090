package image

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"bluegreen/internal/aws/awserr"
)

// Audience is who may use what belongs to this account.
type Audience struct {
	Accounts      []string // ids
	Organizations []string // ARNs
	Units         []string // ARNs of organizational units
	// Everyone says that it is public. It is read, never set.
	Everyone bool
}

// Share lets others launch an image. Its snapshots, which others need to copy it, can be given to accounts only. What was shared
// before stays, and to share again changes nothing.
func (c *Client) Share(ctx context.Context, id string, snapshots []string, a Audience) error {
	if len(a.Accounts) > 0 {
		var all errgroup.Group
		for _, snapshot := range snapshots {
			all.Go(func() error { return c.shareSnapshot(ctx, snapshot, a.Accounts) })
		}
		if err := all.Wait(); err != nil {
			return err
		}
	}
	var add []types.LaunchPermission
	for _, account := range a.Accounts {
		add = append(add, types.LaunchPermission{UserId: &account})
	}
	for _, arn := range a.Organizations {
		add = append(add, types.LaunchPermission{OrganizationArn: &arn})
	}
	for _, arn := range a.Units {
		add = append(add, types.LaunchPermission{OrganizationalUnitArn: &arn})
	}
	if len(add) == 0 {
		return nil
	}
	_, err := c.api.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId: &id, LaunchPermission: &types.LaunchPermissionModifications{Add: add},
	})
	return awserr.Wrap(err, "share image %s", id)
}

func (c *Client) shareSnapshot(ctx context.Context, id string, accounts []string) error {
	var add []types.CreateVolumePermission
	for _, account := range accounts {
		add = append(add, types.CreateVolumePermission{UserId: &account})
	}
	_, err := c.api.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: &id, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: add},
	})
	return awserr.Wrap(err, "share snapshot %s", id)
}

// Audience is who may launch an image besides this account.
func (c *Client) Audience(ctx context.Context, id string) (Audience, error) {
	out, err := c.api.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: &id, Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return Audience{}, awserr.Wrap(err, "read whom image %s is shared with", id)
	}
	var a Audience
	for _, p := range out.LaunchPermissions {
		a.Accounts = appendSet(a.Accounts, p.UserId)
		a.Organizations = appendSet(a.Organizations, p.OrganizationArn)
		a.Units = appendSet(a.Units, p.OrganizationalUnitArn)
		a.Everyone = a.Everyone || p.Group == types.PermissionGroupAll
	}
	a.sort()
	return a, nil
}

// SnapshotAudience is who may make volumes of a snapshot, or copy it, besides this account.
func (c *Client) SnapshotAudience(ctx context.Context, id string) (Audience, error) {
	out, err := c.api.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: &id, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	if err != nil {
		return Audience{}, awserr.Wrap(err, "read whom snapshot %s is shared with", id)
	}
	var a Audience
	for _, p := range out.CreateVolumePermissions {
		a.Accounts = appendSet(a.Accounts, p.UserId)
		a.Everyone = a.Everyone || p.Group == types.PermissionGroupAll
	}
	a.sort()
	return a, nil
}

func appendSet(list []string, text *string) []string {
	if aws.ToString(text) == "" {
		return list
	}
	return append(list, *text)
}

func (a Audience) sort() {
	slices.Sort(a.Accounts)
	slices.Sort(a.Organizations)
	slices.Sort(a.Units)
}
