package ec2

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

func snapshotName(n *snapshot) string { return *n.SnapshotId }

func (s *Service) snapshotAttributes() attributes[*snapshot] {
	return attributes[*snapshot]{
		"snapshot-id":  func(n *snapshot) []string { return one(*n.SnapshotId) },
		"status":       func(n *snapshot) []string { return one(string(n.State)) },
		"progress":     func(n *snapshot) []string { return one(strconv.Itoa(s.percent(n)) + "%") },
		"description":  func(n *snapshot) []string { return one(aws.ToString(n.Description)) },
		"encrypted":    func(n *snapshot) []string { return boolean(n.Encrypted) },
		"owner-id":     func(n *snapshot) []string { return one(*n.OwnerId) },
		"owner-alias":  func(n *snapshot) []string { return one(aws.ToString(n.OwnerAlias)) },
		"start-time":   func(n *snapshot) []string { return one(n.StartTime.Format(imageTimeFormat)) },
		"volume-id":    func(n *snapshot) []string { return one(aws.ToString(n.VolumeId)) },
		"volume-size":  func(n *snapshot) []string { return one(strconv.Itoa(int(aws.ToInt32(n.VolumeSize)))) },
		"storage-tier": func(n *snapshot) []string { return one(string(n.StorageTier)) },
	}
}

// describeSnapshots leaves out, as AWS does, those that the account must not use, also where they are named.
func (s *Service) describeSnapshots(_ context.Context, in *sdk.DescribeSnapshotsInput) (*sdk.DescribeSnapshotsOutput, error) {
	if len(in.SnapshotIds) > 0 && in.MaxResults != nil {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter snapshotSet cannot be used with the parameter maxResults")
	}
	picked, err := s.snapshots.pick(in.SnapshotIds, func(id string) error {
		_, err := s.findSnapshot(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	picked = slices.DeleteFunc(picked, func(n *snapshot) bool { return !s.restorable(n, in.RestorableByUserIds) })
	if len(in.OwnerIds) > 0 {
		picked = slices.DeleteFunc(picked, func(n *snapshot) bool { return !s.isOwner(*n.OwnerId, in.OwnerIds) })
	}
	if picked, err = filtered(s, picked, snapshotName, in.Filters, s.snapshotAttributes()); err != nil {
		return nil, err
	}
	picked, next, err := page(picked, snapshotName, in.MaxResults, in.NextToken, limits{5, 1000})
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeSnapshotsOutput{NextToken: next}
	for _, n := range picked {
		out.Snapshots = append(out.Snapshots, s.describedSnapshot(n))
	}
	return out, nil
}

// restorable tells whether the account may use a snapshot, and whether the named accounts may.
func (s *Service) restorable(n *snapshot, by []string) bool {
	own := *n.OwnerId == s.Account.ID
	public := slices.ContainsFunc(n.permissions, func(p types.CreateVolumePermission) bool { return p.Group == types.PermissionGroupAll })
	if len(by) == 0 {
		return own || public
	}
	return slices.ContainsFunc(by, func(who string) bool {
		switch who {
		case "self", s.Account.ID:
			return own
		case "all":
			return public
		}
		return own && slices.ContainsFunc(n.permissions, func(p types.CreateVolumePermission) bool { return aws.ToString(p.UserId) == who })
	})
}

func (s *Service) deleteSnapshot(_ context.Context, in *sdk.DeleteSnapshotInput) (*sdk.DeleteSnapshotOutput, error) {
	n, err := s.ownSnapshot(aws.ToString(in.SnapshotId))
	if err != nil {
		return nil, err
	}
	if users := s.usersOf(*n.SnapshotId); len(users) > 0 {
		return nil, wire.Errorf("InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", *n.SnapshotId, *users[0].ImageId)
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	s.removeSnapshot(n)
	return &sdk.DeleteSnapshotOutput{}, nil
}

func (s *Service) describeSnapshotAttribute(_ context.Context, in *sdk.DescribeSnapshotAttributeInput) (*sdk.DescribeSnapshotAttributeOutput, error) {
	n, err := s.ownSnapshot(aws.ToString(in.SnapshotId))
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeSnapshotAttributeOutput{SnapshotId: n.SnapshotId}
	switch in.Attribute {
	case types.SnapshotAttributeNameCreateVolumePermission:
		out.CreateVolumePermissions = n.permissions
	case types.SnapshotAttributeNameProductCodes:
	default:
		return nil, unknownAttribute(string(in.Attribute))
	}
	return out, nil
}

func unknownAttribute(name string) error {
	return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", name)
}

func (s *Service) modifySnapshotAttribute(_ context.Context, in *sdk.ModifySnapshotAttributeInput) (*sdk.ModifySnapshotAttributeOutput, error) {
	n, err := s.ownSnapshot(aws.ToString(in.SnapshotId))
	if err != nil {
		return nil, err
	}
	change := types.CreateVolumePermissionModifications{}
	if in.CreateVolumePermission != nil {
		change = *in.CreateVolumePermission
	}
	var named []types.CreateVolumePermission
	for _, id := range in.UserIds {
		named = append(named, types.CreateVolumePermission{UserId: aws.String(id)})
	}
	for _, group := range in.GroupNames {
		named = append(named, types.CreateVolumePermission{Group: types.PermissionGroup(group)})
	}
	if err := direct(in.OperationType, named, &change.Add, &change.Remove); err != nil {
		return nil, err
	}
	for _, p := range slices.Concat(change.Add, change.Remove) {
		if err := checkAudience(string(p.Group), aws.ToString(p.UserId)); err != nil {
			return nil, err
		}
	}
	if len(change.Add) > 0 {
		if err := s.checkSharable(n, slices.ContainsFunc(change.Add, func(p types.CreateVolumePermission) bool { return p.Group != "" })); err != nil {
			return nil, err
		}
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	n.permissions = permit(n.permissions, change.Add, change.Remove, func(p types.CreateVolumePermission) string {
		return string(p.Group) + aws.ToString(p.UserId)
	})
	return &sdk.ModifySnapshotAttributeOutput{}, nil
}
