package instance

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
)

// MaxUserData is how many bytes the user data of an instance can have.
const MaxUserData = 16 << 10

// Launch says what instance to run. It has no key pair, its metadata service takes IMDSv2 only, its root disk is an encrypted one
// of type gp3 that goes with it, and it is terminated when it powers itself off.
type Launch struct {
	Image          string
	Type           string
	Subnet         string   // one of the default VPC where empty
	SecurityGroups []string // ids; the VPC's default one where empty
	Profile        string   // the name or the ARN of an instance profile; none where empty
	UserData       string   // in plain text, or compressed; not more than MaxUserData
	Token          string   // makes the call safe to repeat: an instance that it has made is found again, even a terminated one
	RootDevice     string   // the name of the image's root device
	VolumeGiB      int      // size of the root disk; the image's where zero
	KMSKey         string   // encrypts the root disk; the account's key for disks where empty
	HopLimit       int      // how far answers of the metadata service get: 1 is the instance itself; 1 where zero
	// Spot asks for spare capacity, which EC2 takes away when it needs it. Such an instance cannot be stopped, only terminated.
	Spot bool
	Tags map[string]string // of the instance and its disks
}

// Run launches one instance. Where there is no capacity for it, the error is awserr.ErrNoCapacity.
func (c *Client) Run(ctx context.Context, l Launch) (id string, err error) {
	if len(l.UserData) > MaxUserData {
		return "", fmt.Errorf("launch an instance of %s: its user data has %d bytes, and may have %d", l.Image, len(l.UserData), MaxUserData)
	}
	out, err := c.api.RunInstances(ctx, l.input())
	if err != nil {
		return "", awserr.Wrap(err, "launch an instance of %s", l.Image)
	}
	if len(out.Instances) != 1 {
		return "", fmt.Errorf("launch an instance of %s: EC2 answered with %d", l.Image, len(out.Instances))
	}
	return aws.ToString(out.Instances[0].InstanceId), nil
}

func (l Launch) input() *ec2.RunInstancesInput {
	kinds := []types.ResourceType{types.ResourceTypeInstance, types.ResourceTypeVolume}
	in := &ec2.RunInstancesInput{
		ImageId: &l.Image, InstanceType: types.InstanceType(l.Type), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		SubnetId: optional(l.Subnet), SecurityGroupIds: l.SecurityGroups, ClientToken: optional(l.Token),
		InstanceInitiatedShutdownBehavior: types.ShutdownBehaviorTerminate,
		MetadataOptions: &types.InstanceMetadataOptionsRequest{
			HttpEndpoint: types.InstanceMetadataEndpointStateEnabled, HttpTokens: types.HttpTokensStateRequired,
			HttpPutResponseHopLimit: aws.Int32(int32(max(1, l.HopLimit))),
		},
		BlockDeviceMappings: []types.BlockDeviceMapping{l.root()},
	}
	if l.Profile != "" {
		in.IamInstanceProfile = profile(l.Profile)
	}
	if l.UserData != "" {
		in.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte(l.UserData)))
	}
	if l.Spot {
		kinds = append(kinds, types.ResourceTypeSpotInstancesRequest)
		in.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{
			MarketType: types.MarketTypeSpot,
			SpotOptions: &types.SpotMarketOptions{ // a persistent request would launch another one after it
				SpotInstanceType: types.SpotInstanceTypeOneTime, InstanceInterruptionBehavior: types.InstanceInterruptionBehaviorTerminate,
			},
		}
	}
	in.TagSpecifications = ec2tag.AtCreation(l.Tags, kinds...)
	return in
}

// profile names an instance profile as EC2 wants it: by its name or by its ARN.
func profile(name string) *types.IamInstanceProfileSpecification {
	if strings.HasPrefix(name, "arn:") {
		return &types.IamInstanceProfileSpecification{Arn: &name}
	}
	return &types.IamInstanceProfileSpecification{Name: &name}
}

func (l Launch) root() types.BlockDeviceMapping {
	disk := &types.EbsBlockDevice{
		VolumeType: types.VolumeTypeGp3, Encrypted: aws.Bool(true), KmsKeyId: optional(l.KMSKey), DeleteOnTermination: aws.Bool(true),
	}
	if l.VolumeGiB > 0 {
		disk.VolumeSize = aws.Int32(int32(l.VolumeGiB))
	}
	return types.BlockDeviceMapping{DeviceName: &l.RootDevice, Ebs: disk}
}

// optional leaves an empty text out of a request: EC2 takes it for a value.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
