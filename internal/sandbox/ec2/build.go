package ec2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/fabric"
)

// newInstance makes the n-th instance of a reservation. It has no state yet.
func (s *Service) newInstance(b *blueprint, reservation string, n int) *instance {
	id := s.newID("i-")
	addr := s.Fabric.Next(fabric.Instances)
	settings := b.settings
	i := &instance{
		reservation: reservation, addr: addr, settings: settings,
		devices: b.devices, software: s.softwareOf(b.image), disk: b.image.disk,
	}
	i.Instance = types.Instance{
		InstanceId: aws.String(id), ImageId: b.image.ImageId, AmiLaunchIndex: aws.Int32(int32(n)),
		InstanceType: b.kind.InstanceType, Architecture: b.image.Architecture,
		ClientToken: b.token, LaunchTime: s.now(), KeyName: settings.KeyName,
		SubnetId: b.subnet.SubnetId, VpcId: b.subnet.VpcId, SecurityGroups: b.groups,
		PrivateIpAddress: aws.String(addr.String()), PrivateDnsName: aws.String(s.privateName(addr.String())),
		IamInstanceProfile: b.profile, EbsOptimized: aws.Bool(aws.ToBool(settings.EbsOptimized)),
		Placement:       &types.Placement{AvailabilityZone: b.subnet.AvailabilityZone, Tenancy: types.TenancyDefault},
		Monitoring:      &types.Monitoring{State: types.MonitoringStateDisabled},
		MetadataOptions: metadataOptions(settings.MetadataOptions, b.image.ImdsSupport),
		RootDeviceName:  b.image.RootDeviceName, RootDeviceType: b.image.RootDeviceType,
		VirtualizationType: b.image.VirtualizationType, Hypervisor: b.image.Hypervisor, EnaSupport: aws.Bool(true),
		PlatformDetails: b.image.PlatformDetails, UsageOperation: b.image.UsageOperation, SourceDestCheck: aws.Bool(true),
	}
	if settings.Monitoring != nil && aws.ToBool(settings.Monitoring.Enabled) {
		i.Monitoring.State = types.MonitoringStateEnabled
	}
	if settings.InstanceMarketOptions != nil && settings.InstanceMarketOptions.MarketType == types.MarketTypeSpot {
		i.InstanceLifecycle = types.InstanceLifecycleTypeSpot
	}
	for _, d := range i.devices {
		if d.Ebs != nil {
			i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.InstanceBlockDeviceMapping{
				DeviceName: d.DeviceName,
				Ebs: &types.EbsInstanceBlockDevice{
					VolumeId: aws.String(s.newID("vol-")), Status: types.AttachmentStatusAttached,
					DeleteOnTermination: d.Ebs.DeleteOnTermination, AttachTime: s.now(),
				},
			})
		}
	}
	s.noteLaunch(b.image)
	s.instances.put(id, i)
	s.setTags(id, b.tags)
	return i
}

func convertDevices(devices []types.LaunchTemplateBlockDeviceMapping) *[]types.BlockDeviceMapping {
	return convert[[]types.BlockDeviceMapping](&devices)
}

func (s *Service) privateName(addr string) string {
	return "ip-" + strings.ReplaceAll(addr, ".", "-") + "." + s.region + ".compute.internal"
}

// metadataOptions are the settings of the metadata service over those of the image over the defaults of AWS.
func metadataOptions(asked *types.LaunchTemplateInstanceMetadataOptions, image types.ImdsSupportValues) *types.InstanceMetadataOptionsResponse {
	options := &types.InstanceMetadataOptionsResponse{
		State: types.InstanceMetadataOptionsStateApplied, HttpEndpoint: types.InstanceMetadataEndpointStateEnabled,
		HttpTokens: types.HttpTokensStateOptional, HttpPutResponseHopLimit: aws.Int32(1),
		HttpProtocolIpv6: types.InstanceMetadataProtocolStateDisabled, InstanceMetadataTags: types.InstanceMetadataTagsStateDisabled,
	}
	if image == types.ImdsSupportValuesV20 {
		options.HttpTokens, options.HttpPutResponseHopLimit = types.HttpTokensStateRequired, aws.Int32(2)
	}
	if asked != nil {
		override(options, convert[types.InstanceMetadataOptionsResponse](asked))
	}
	return options
}
