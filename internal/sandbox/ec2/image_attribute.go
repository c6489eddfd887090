package ec2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) describeImageAttribute(_ context.Context, in *sdk.DescribeImageAttributeInput) (*sdk.DescribeImageAttributeOutput, error) {
	i, err := s.ownImage(in.ImageId)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeImageAttributeOutput{ImageId: i.ImageId}
	text := func(value string) *types.AttributeValue { return &types.AttributeValue{Value: pointer(value)} }
	switch in.Attribute {
	case types.ImageAttributeNameLaunchPermission:
		out.LaunchPermissions = i.permissions
	case types.ImageAttributeNameDescription:
		out.Description = text(aws.ToString(i.Description))
	case types.ImageAttributeNameImdsSupport:
		out.ImdsSupport = text(string(i.ImdsSupport))
	case types.ImageAttributeNameLastLaunchedTime:
		out.LastLaunchedTime = text(aws.ToString(s.lastLaunched(i)))
	case types.ImageAttributeNameDeregistrationProtection:
		out.DeregistrationProtection = text(s.protection(i))
	case types.ImageAttributeNameBlockDeviceMapping:
		return nil, wire.Errorf("AuthFailure", "Unauthorized attempt to access restricted resource").WithStatus(403)
	default:
		if !slices.Contains(in.Attribute.Values(), in.Attribute) {
			return nil, unknownAttribute(string(in.Attribute))
		}
	}
	return out, nil
}

// attributeChange is one of the things that ModifyImageAttribute can do, which a request says in one of two ways.
type attributeChange struct {
	check func(*image) error
	do    func(*image)
}

func (s *Service) modifyImageAttribute(_ context.Context, in *sdk.ModifyImageAttributeInput) (*sdk.ModifyImageAttributeOutput, error) {
	change, err := s.readChange(in)
	if err != nil {
		return nil, err
	}
	return &sdk.ModifyImageAttributeOutput{}, s.changeImage(in.ImageId, in.DryRun, change.check, change.do)
}

func (s *Service) readChange(in *sdk.ModifyImageAttributeInput) (attributeChange, error) {
	value := func(given *types.AttributeValue) *string {
		if given != nil {
			return given.Value
		}
		return in.Value
	}
	switch attribute := aws.ToString(in.Attribute); {
	case in.Description != nil || attribute == "description":
		return attributeChange{anyImage, func(i *image) { i.Description = value(in.Description) }}, nil
	case in.ImdsSupport != nil || attribute == "imdsSupport":
		if wanted := aws.ToString(value(in.ImdsSupport)); wanted != string(types.ImdsSupportValuesV20) {
			return attributeChange{}, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for imdsSupport. It can only be set to v2.0.", wanted)
		}
		return attributeChange{anyImage, func(i *image) { i.ImdsSupport = types.ImdsSupportValuesV20 }}, nil
	case in.LaunchPermission != nil || attribute == "launchPermission" || attribute == "" && in.OperationType != "":
		return s.readSharing(in)
	case attribute == "":
		return attributeChange{}, wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	default:
		return attributeChange{}, unknownAttribute(attribute)
	}
}

func permissionKey(p types.LaunchPermission) string {
	return string(p.Group) + aws.ToString(p.UserId) + aws.ToString(p.OrganizationArn) + aws.ToString(p.OrganizationalUnitArn)
}

// readSharing reads who is to be allowed to launch an image, or not to be any more.
func (s *Service) readSharing(in *sdk.ModifyImageAttributeInput) (attributeChange, error) {
	change := types.LaunchPermissionModifications{}
	if in.LaunchPermission != nil {
		change = *in.LaunchPermission
	}
	if err := direct(in.OperationType, namedAudience(in), &change.Add, &change.Remove); err != nil {
		return attributeChange{}, err
	}
	for _, p := range slices.Concat(change.Add, change.Remove) {
		err := checkAudience(string(p.Group), aws.ToString(p.UserId), aws.ToString(p.OrganizationArn), aws.ToString(p.OrganizationalUnitArn))
		if err != nil {
			return attributeChange{}, err
		}
	}
	check := func(i *image) error {
		if len(change.Add) == 0 {
			return nil
		}
		return s.checkImageSharable(i, slices.ContainsFunc(change.Add, func(p types.LaunchPermission) bool { return p.Group != "" }))
	}
	return attributeChange{check, func(i *image) { i.permissions = permit(i.permissions, change.Add, change.Remove, permissionKey) }}, nil
}

func namedAudience(in *sdk.ModifyImageAttributeInput) []types.LaunchPermission {
	var named []types.LaunchPermission
	for _, id := range in.UserIds {
		named = append(named, types.LaunchPermission{UserId: aws.String(id)})
	}
	for _, group := range in.UserGroups {
		named = append(named, types.LaunchPermission{Group: types.PermissionGroup(group)})
	}
	for _, arn := range in.OrganizationArns {
		named = append(named, types.LaunchPermission{OrganizationArn: aws.String(arn)})
	}
	for _, arn := range in.OrganizationalUnitArns {
		named = append(named, types.LaunchPermission{OrganizationalUnitArn: aws.String(arn)})
	}
	return named
}

// checkImageSharable refuses to share what others could not use.
func (s *Service) checkImageSharable(i *image, public bool) error {
	if i.State != types.ImageStateAvailable {
		return notAvailable(i)
	}
	for _, id := range snapshotsOf(i) {
		n, err := s.findSnapshot(id)
		if err != nil {
			return err
		}
		if err := s.checkSharable(n, public); err != nil {
			return err
		}
	}
	return nil
}
