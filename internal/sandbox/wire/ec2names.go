package wire

import (
	"cmp"
	"reflect"
)

// ec2RequestNames: a parameter is called what the SDK calls it, a list by its singular.
var ec2RequestNames = &naming{of: func(owner reflect.Type, f reflect.StructField) (string, string) {
	if name, ok := ec2RequestRenames[qualified(owner, f)]; ok {
		return name, ""
	}
	if isList(f.Type) {
		return singular(f.Name), ""
	}
	return f.Name, ""
}}

// ec2ResponseNames: an element is called what the SDK calls it, with a small first letter, and the elements of a list are
// items.
var ec2ResponseNames = &naming{of: func(owner reflect.Type, f reflect.StructField) (string, string) {
	field := qualified(owner, f)
	item := cmp.Or(ec2ResponseItems[field], "item")
	switch name, renamed := ec2ResponseRenames[field]; {
	case renamed:
		return name, item
	case f.Name == "Tags":
		return "tagSet", item
	}
	return lowerFirst(f.Name), item
}}

// ec2RequestRenames are the parameters that follow no rule.
var ec2RequestRenames = map[string]string{
	"CreateTagsInput.Resources":                                                     "ResourceId",
	"DeleteLaunchTemplateVersionsInput.Versions":                                    "LaunchTemplateVersion",
	"DeleteTagsInput.Resources":                                                     "ResourceId",
	"DescribeImagesInput.ExecutableUsers":                                           "ExecutableBy",
	"DescribeLaunchTemplateVersionsInput.Versions":                                  "LaunchTemplateVersion",
	"DescribeSnapshotsInput.OwnerIds":                                               "Owner",
	"DescribeSnapshotsInput.RestorableByUserIds":                                    "RestorableBy",
	"InstanceNetworkInterfaceSpecification.Groups":                                  "SecurityGroupId",
	"InstanceNetworkInterfaceSpecification.Ipv6Addresses":                           "Ipv6Addresses",
	"InstanceNetworkInterfaceSpecification.PrivateIpAddresses":                      "PrivateIpAddresses",
	"LaunchTemplateInstanceNetworkInterfaceSpecificationRequest.Groups":             "SecurityGroupId",
	"LaunchTemplateInstanceNetworkInterfaceSpecificationRequest.Ipv6Addresses":      "Ipv6Addresses",
	"LaunchTemplateInstanceNetworkInterfaceSpecificationRequest.PrivateIpAddresses": "PrivateIpAddresses",
	"ModifySnapshotAttributeInput.GroupNames":                                       "UserGroup",
	"ModifyLaunchTemplateInput.DefaultVersion":                                      "SetDefaultVersion",
}

// ec2ResponseRenames are the elements that follow no rule, for the operations that the sandbox has. A test decodes every
// field of every reply with the SDK, so that a gap here does not go unseen.
var ec2ResponseRenames = map[string]string{
	"AvailabilityZone.Geography":      "geographySet",
	"AvailabilityZone.Messages":       "messageSet",
	"AvailabilityZone.State":          "zoneState",
	"AvailabilityZone.SubGeography":   "subGeographySet",
	"CpuPerformanceFactor.References": "referenceSet",
	"DeleteLaunchTemplateVersionsOutput.SuccessfullyDeletedLaunchTemplateVersions":   "successfullyDeletedLaunchTemplateVersionSet",
	"DeleteLaunchTemplateVersionsOutput.UnsuccessfullyDeletedLaunchTemplateVersions": "unsuccessfullyDeletedLaunchTemplateVersionSet",
	"DeregisterImageOutput.DeleteSnapshotResults":                                    "deleteSnapshotResultSet",
	"DescribeAvailabilityZonesOutput.AvailabilityZones":                              "availabilityZoneInfo",
	"DescribeImageAttributeOutput.BlockDeviceMappings":                               "blockDeviceMapping",
	"DescribeImageAttributeOutput.KernelId":                                          "kernel",
	"DescribeImageAttributeOutput.LaunchPermissions":                                 "launchPermission",
	"DescribeImageAttributeOutput.RamdiskId":                                         "ramdisk",
	"DescribeImageReferencesOutput.ImageReferences":                                  "imageReferenceSet",
	"DescribeImagesOutput.Images":                                                    "imagesSet",
	"DescribeInstanceAttributeOutput.BlockDeviceMappings":                            "blockDeviceMapping",
	"DescribeInstanceAttributeOutput.Groups":                                         "groupSet",
	"DescribeInstanceAttributeOutput.KernelId":                                       "kernel",
	"DescribeInstanceAttributeOutput.RamdiskId":                                      "ramdisk",
	"DescribeInstanceStatusOutput.InstanceStatuses":                                  "instanceStatusSet",
	"DescribeInstanceTypeOfferingsOutput.InstanceTypeOfferings":                      "instanceTypeOfferingSet",
	"DescribeInstanceTypesOutput.InstanceTypes":                                      "instanceTypeSet",
	"DescribeInstancesOutput.Reservations":                                           "reservationSet",
	"DescribeLaunchTemplateVersionsOutput.LaunchTemplateVersions":                    "launchTemplateVersionSet",
	"DescribeSecurityGroupsOutput.SecurityGroups":                                    "securityGroupInfo",
	"DescribeSnapshotAttributeOutput.CreateVolumePermissions":                        "createVolumePermission",
	"DescribeSnapshotsOutput.Snapshots":                                              "snapshotSet",
	"DescribeSubnetsOutput.Subnets":                                                  "subnetSet",
	"DescribeVpcsOutput.Vpcs":                                                        "vpcSet",
	"EbsBlockDevice.AvailabilityZoneId":                                              "AvailabilityZoneId",
	"EbsBlockDevice.EbsCardIndex":                                                    "EbsCardIndex",
	"EbsBlockDevice.VolumeInitializationRate":                                        "VolumeInitializationRate",
	"EbsInfo.EbsCards":                                                               "ebsCardSet",
	"GpuDeviceInfo.Workloads":                                                        "workloadSet",
	"Image.BlockDeviceMappings":                                                      "blockDeviceMapping",
	"Image.ImageWatermarks":                                                          "imageWatermarkSet",
	"Image.OwnerId":                                                                  "imageOwnerId",
	"Image.Public":                                                                   "isPublic",
	"Image.State":                                                                    "imageState",
	"Instance.BlockDeviceMappings":                                                   "blockDeviceMapping",
	"Instance.ElasticGpuAssociations":                                                "elasticGpuAssociationSet",
	"Instance.ElasticInferenceAcceleratorAssociations":                               "elasticInferenceAcceleratorAssociationSet",
	"Instance.Licenses":                                                              "licenseSet",
	"Instance.NetworkInterfaces":                                                     "networkInterfaceSet",
	"Instance.PublicDnsName":                                                         "dnsName",
	"Instance.PublicIpAddress":                                                       "ipAddress",
	"Instance.SecondaryInterfaces":                                                   "secondaryInterfaceSet",
	"Instance.SecurityGroups":                                                        "groupSet",
	"Instance.State":                                                                 "instanceState",
	"Instance.StateTransitionReason":                                                 "reason",
	"InstanceNetworkInterface.Groups":                                                "groupSet",
	"InstanceNetworkInterface.Ipv4Prefixes":                                          "ipv4PrefixSet",
	"InstanceNetworkInterface.Ipv6Addresses":                                         "ipv6AddressesSet",
	"InstanceNetworkInterface.Ipv6Prefixes":                                          "ipv6PrefixSet",
	"InstanceNetworkInterface.PrivateIpAddresses":                                    "privateIpAddressesSet",
	"InstanceRequirements.AcceleratorManufacturers":                                  "acceleratorManufacturerSet",
	"InstanceRequirements.AcceleratorNames":                                          "acceleratorNameSet",
	"InstanceRequirements.AcceleratorTypes":                                          "acceleratorTypeSet",
	"InstanceRequirements.AllowedInstanceTypes":                                      "allowedInstanceTypeSet",
	"InstanceRequirements.CpuManufacturers":                                          "cpuManufacturerSet",
	"InstanceRequirements.ExcludedInstanceTypes":                                     "excludedInstanceTypeSet",
	"InstanceRequirements.InstanceGenerations":                                       "instanceGenerationSet",
	"InstanceRequirements.LocalStorageTypes":                                         "localStorageTypeSet",
	"InstanceSecondaryInterface.PrivateIpAddresses":                                  "privateIpAddressSet",
	"InstanceStatus.Events":                                                          "eventsSet",
	"InstanceTypeSpecification.SupportedInstanceTypes":                               "supportedInstanceTypeSet",
	"InstanceTypeSpecification.UnsupportedInstanceTypes":                             "unsupportedInstanceTypeSet",
	"IpPermission.UserIdGroupPairs":                                                  "groups",
	"LaunchTemplateInstanceNetworkInterfaceSpecification.Groups":                     "groupSet",
	"LaunchTemplateInstanceNetworkInterfaceSpecification.Ipv4Prefixes":               "ipv4PrefixSet",
	"LaunchTemplateInstanceNetworkInterfaceSpecification.Ipv6Addresses":              "ipv6AddressesSet",
	"LaunchTemplateInstanceNetworkInterfaceSpecification.Ipv6Prefixes":               "ipv6PrefixSet",
	"LaunchTemplateInstanceNetworkInterfaceSpecification.PrivateIpAddresses":         "privateIpAddressesSet",
	"LaunchTemplateInstanceSecondaryInterfaceSpecification.PrivateIpAddresses":       "privateIpAddressesSet",
	"NetworkCardInfo.InterfaceTypes":                                                 "interfaceTypeSet",
	"ProductCode.ProductCodeId":                                                      "productCode",
	"ProductCode.ProductCodeType":                                                    "type",
	"Reservation.Groups":                                                             "groupSet",
	"Reservation.Instances":                                                          "instancesSet",
	"ResponseLaunchTemplateData.BlockDeviceMappings":                                 "blockDeviceMappingSet",
	"ResponseLaunchTemplateData.ElasticGpuSpecifications":                            "elasticGpuSpecificationSet",
	"ResponseLaunchTemplateData.ElasticInferenceAccelerators":                        "elasticInferenceAcceleratorSet",
	"ResponseLaunchTemplateData.LicenseSpecifications":                               "licenseSet",
	"ResponseLaunchTemplateData.NetworkInterfaces":                                   "networkInterfaceSet",
	"ResponseLaunchTemplateData.SecondaryInterfaces":                                 "secondaryInterfaceSet",
	"ResponseLaunchTemplateData.SecurityGroupIds":                                    "securityGroupIdSet",
	"ResponseLaunchTemplateData.SecurityGroups":                                      "securityGroupSet",
	"ResponseLaunchTemplateData.TagSpecifications":                                   "tagSpecificationSet",
	"RunInstancesOutput.Groups":                                                      "groupSet",
	"RunInstancesOutput.Instances":                                                   "instancesSet",
	"SecurityGroup.Description":                                                      "groupDescription",
	"Snapshot.State":                                                                 "status",
	"Snapshot.StateMessage":                                                          "statusMessage",
	"StartInstancesOutput.StartingInstances":                                         "instancesSet",
	"StopInstancesOutput.StoppingInstances":                                          "instancesSet",
	"TerminateInstancesOutput.TerminatingInstances":                                  "instancesSet",
	"ValidationWarning.Errors":                                                       "errorSet",
}

// ec2ResponseItems are the lists whose elements are not items.
var ec2ResponseItems = map[string]string{
	"InferenceAcceleratorInfo.Accelerators":                      "member",
	"LaunchTemplateInstanceNetworkInterfaceSpecification.Groups": "groupId",
}
