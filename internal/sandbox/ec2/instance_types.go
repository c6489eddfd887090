package ec2

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// families are the instance families that can be launched here, each in the usual sizes.
var families = []struct {
	name string
	arch types.ArchitectureType
	gib  int // memory of a vCPU
}{
	{"t3", types.ArchitectureTypeX8664, 2},
	{"m5", types.ArchitectureTypeX8664, 4},
	{"c5", types.ArchitectureTypeX8664, 2},
	{"t4g", types.ArchitectureTypeArm64, 2},
	{"m7g", types.ArchitectureTypeArm64, 4},
}

var sizes = []struct {
	name  string
	vCPUs int
}{{"micro", 2}, {"small", 2}, {"medium", 2}, {"large", 2}, {"xlarge", 4}, {"2xlarge", 8}}

// instanceTypes makes the table of all types.
func instanceTypes() collection[types.InstanceTypeInfo] {
	var table collection[types.InstanceTypeInfo]
	for _, f := range families {
		burstable := strings.HasPrefix(f.name, "t")
		for i, size := range sizes {
			memory := f.gib * size.vCPUs * 1024
			if small := 3 - i; small > 0 {
				if !burstable {
					continue
				}
				memory = 8 * 1024 >> small // of a burstable: micro 1 GiB, small 2, medium 4
			}
			name := f.name + "." + size.name
			table.put(name, types.InstanceTypeInfo{
				InstanceType: types.InstanceType(name), CurrentGeneration: aws.Bool(true),
				BurstablePerformanceSupported: aws.Bool(burstable), BareMetal: aws.Bool(false),
				Hypervisor: types.InstanceTypeHypervisorNitro,
				ProcessorInfo: &types.ProcessorInfo{
					SupportedArchitectures: []types.ArchitectureType{f.arch},
				},
				VCpuInfo:                     &types.VCpuInfo{DefaultVCpus: aws.Int32(int32(size.vCPUs))},
				MemoryInfo:                   &types.MemoryInfo{SizeInMiB: aws.Int64(int64(memory))},
				SupportedRootDeviceTypes:     []types.RootDeviceType{types.RootDeviceTypeEbs},
				SupportedUsageClasses:        []types.UsageClassType{types.UsageClassTypeOnDemand, types.UsageClassTypeSpot},
				SupportedVirtualizationTypes: []types.VirtualizationType{types.VirtualizationTypeHvm},
			})
		}
	}
	return table
}

func typeName(t types.InstanceTypeInfo) string { return string(t.InstanceType) }

func architecture(t types.InstanceTypeInfo) string {
	return string(t.ProcessorInfo.SupportedArchitectures[0])
}

func (s *Service) describeInstanceTypes(_ context.Context, in *sdk.DescribeInstanceTypesInput) (*sdk.DescribeInstanceTypesOutput, error) {
	var names []string
	for _, name := range in.InstanceTypes {
		names = append(names, string(name))
	}
	table := instanceTypes()
	picked, err := table.pick(names, func(name string) error {
		return wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
	})
	if err != nil {
		return nil, err
	}
	picked, err = filtered(s, picked, typeName, in.Filters, attributes[types.InstanceTypeInfo]{
		"instance-type":                         func(t types.InstanceTypeInfo) []string { return one(typeName(t)) },
		"processor-info.supported-architecture": func(t types.InstanceTypeInfo) []string { return one(architecture(t)) },
		"current-generation":                    func(t types.InstanceTypeInfo) []string { return boolean(t.CurrentGeneration) },
		"burstable-performance-supported":       func(t types.InstanceTypeInfo) []string { return boolean(t.BurstablePerformanceSupported) },
	})
	if err != nil {
		return nil, err
	}
	picked, next, err := page(picked, typeName, in.MaxResults, in.NextToken, limits{5, 100})
	return &sdk.DescribeInstanceTypesOutput{InstanceTypes: picked, NextToken: next}, err
}

// describeInstanceTypeOfferings offers every type in every zone of the account's subnets.
func (s *Service) describeInstanceTypeOfferings(ctx context.Context, in *sdk.DescribeInstanceTypeOfferingsInput) (*sdk.DescribeInstanceTypeOfferingsOutput, error) {
	kind, locations := types.LocationTypeRegion, []string{s.region}
	switch in.LocationType {
	case "", types.LocationTypeRegion:
	case types.LocationTypeAvailabilityZone:
		zones, err := s.describeAvailabilityZones(ctx, &sdk.DescribeAvailabilityZonesInput{})
		if err != nil {
			return nil, err
		}
		kind, locations = in.LocationType, nil
		for _, z := range zones.AvailabilityZones {
			locations = append(locations, *z.ZoneName)
		}
	default:
		return nil, wire.Errorf("InvalidParameterValue", "The location type '%s' is not known here", in.LocationType)
	}
	table := instanceTypes()
	var offerings []types.InstanceTypeOffering
	for _, t := range table.all() {
		for _, location := range locations {
			offerings = append(offerings, types.InstanceTypeOffering{
				InstanceType: t.InstanceType, Location: aws.String(location), LocationType: kind,
			})
		}
	}
	name := func(o types.InstanceTypeOffering) string { return string(o.InstanceType) + " " + *o.Location }
	offerings, err := filtered(s, offerings, name, in.Filters, attributes[types.InstanceTypeOffering]{
		"instance-type": func(o types.InstanceTypeOffering) []string { return one(string(o.InstanceType)) },
		"location":      func(o types.InstanceTypeOffering) []string { return one(*o.Location) },
	})
	if err != nil {
		return nil, err
	}
	offerings, next, err := page(offerings, name, in.MaxResults, in.NextToken, limits{5, 1000})
	return &sdk.DescribeInstanceTypeOfferingsOutput{InstanceTypeOfferings: offerings, NextToken: next}, err
}
