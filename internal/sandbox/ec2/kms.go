package ec2

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// ebsKey is the alias of the key that AWS manages for volumes.
const ebsKey = "alias/aws/ebs"

// keyARN is the ARN of a KMS key that a request names by its id, an alias or an ARN; of AWS's own when it names none. Every
// alias is one of a key that is made up from it.
func (s *Service) keyARN(name string) string {
	name = orNew(name, ebsKey)
	if strings.HasPrefix(name, "arn:") && !strings.Contains(name, ":alias/") {
		return name
	}
	region := s.region
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 {
		region, name = parts[3], parts[5]
	}
	if strings.HasPrefix(name, "alias/") {
		sum := sha256.Sum256([]byte(region + name))
		name = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	}
	return fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", region, s.Account.ID, name)
}

// DenyKey makes a KMS key of no use: what shall be encrypted with it fails, after the request for it has been accepted.
func (s *Service) DenyKey(name string) { s.denied[s.keyARN(name)] = true }

// keyUsable tells whether a key can be used here: a key has to be in the region where it is used.
func (s *Service) keyUsable(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws:kms:"+s.region+":") && !s.denied[arn]
}

// canDecrypt tells whether the keys of all volumes can be used.
func (s *Service) canDecrypt(devices []types.BlockDeviceMapping) bool {
	return !slices.ContainsFunc(devices, func(d types.BlockDeviceMapping) bool {
		return d.Ebs != nil && aws.ToBool(d.Ebs.Encrypted) && !s.keyUsable(aws.ToString(d.Ebs.KmsKeyId))
	})
}

// settleKeys names the key of each volume that will be encrypted: that of its snapshot, unless it has one of its own.
func (s *Service) settleKeys(devices []types.BlockDeviceMapping) {
	for i, d := range devices {
		if d.Ebs == nil || !aws.ToBool(d.Ebs.Encrypted) {
			continue
		}
		disk := *d.Ebs
		n, ok := s.snapshots.get(aws.ToString(disk.SnapshotId))
		if disk.KmsKeyId == nil && ok {
			disk.KmsKeyId = n.KmsKeyId
		}
		disk.KmsKeyId = aws.String(s.keyARN(aws.ToString(disk.KmsKeyId)))
		devices[i].Ebs = &disk
	}
}

func checkKey(encrypted *bool, key *string) error {
	if key != nil && !aws.ToBool(encrypted) {
		return wire.Errorf("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	}
	return nil
}
