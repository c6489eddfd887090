package ec2

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

// direct adds what a request names in lists of its own to those to be added or removed.
func direct[P any](operation types.OperationType, named []P, add, remove *[]P) error {
	switch {
	case len(named) == 0:
	case operation == types.OperationTypeAdd:
		*add = append(slices.Clone(*add), named...)
	case operation == types.OperationTypeRemove:
		*remove = append(slices.Clone(*remove), named...)
	default:
		return missingParameter("OperationType")
	}
	if len(*add) == 0 && len(*remove) == 0 {
		return wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	}
	return nil
}

// permit is a list of permissions after a change.
func permit[P any](have, add, remove []P, key func(P) string) []P {
	has := func(list []P, p P) bool {
		return slices.ContainsFunc(list, func(other P) bool { return key(other) == key(p) })
	}
	var list []P
	for _, p := range slices.Concat(have, add) {
		if !has(remove, p) && !has(list, p) {
			list = append(list, p)
		}
	}
	return list
}

var (
	accountID = pattern.Lazy(`^[0-9]{12}$`)
	// organizationARN names an organization or one of its units.
	organizationARN = pattern.Lazy(`^arn:aws[a-z-]*:organizations::[0-9]{12}:(organization/o-[a-z0-9]{10,32}|ou/o-[a-z0-9]{10,32}/ou-[0-9a-z-]+)$`)
)

// checkAudience refuses what can name nobody.
func checkAudience(group, account string, arns ...string) error {
	given := 0
	for _, name := range append([]string{group, account}, arns...) {
		if name != "" {
			given++
		}
	}
	ok := given == 1 && (group == "" || group == string(types.PermissionGroupAll)) && (account == "" || accountID().MatchString(account))
	for _, arn := range arns {
		ok = ok && (arn == "" || organizationARN().MatchString(arn))
	}
	if !ok {
		return wire.Errorf("InvalidAMIAttributeItemValue", "Invalid attribute item value %q for launchPermission or createVolumePermission item type.",
			append([]string{group, account}, arns...))
	}
	return nil
}

// checkSharable refuses to share what others could not decrypt, and to make public what is encrypted.
func (s *Service) checkSharable(n *snapshot, public bool) error {
	switch {
	case !aws.ToBool(n.Encrypted):
		return nil
	case public:
		return wire.Errorf("InvalidParameter", "Encrypted snapshots can't be shared publicly: %s", *n.SnapshotId)
	case aws.ToString(n.KmsKeyId) == s.keyARN(ebsKey):
		return wire.Errorf("InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
	}
	return nil
}
