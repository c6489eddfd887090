package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func TestDescribeNetwork(t *testing.T) {
	in(t, func(w *world) {
		var pages []int
		for p := sdk.NewDescribeSubnetsPaginator(w, &sdk.DescribeSubnetsInput{
			MaxResults: aws.Int32(5), Filters: names("vpc-id", vpcID),
		}); p.HasMorePages(); {
			pages = append(pages, len(must(p.NextPage(w.ctx))(t).Subnets))
		}
		if diff := cmp.Diff([]int{5, 1}, pages); diff != "" {
			t.Errorf("pages of subnets (-want +got):\n%s", diff)
		}
		tagged := must(w.DescribeSubnets(w.ctx, &sdk.DescribeSubnetsInput{Filters: names("tag:tier", "app")}))(t).Subnets
		if len(tagged) != 1 || *tagged[0].SubnetId != subnetA || *tagged[0].AvailabilityZone != "eu-west-1a" {
			t.Errorf("tagged subnets %v", tagged)
		}
		groups := must(w.DescribeSecurityGroups(w.ctx, &sdk.DescribeSecurityGroupsInput{Filters: names("group-name", "app")}))(t).SecurityGroups
		if len(groups) != 1 || *groups[0].GroupId != groupID {
			t.Errorf("security groups %v", groups)
		}
		vpcs := must(w.DescribeVpcs(w.ctx, &sdk.DescribeVpcsInput{Filters: names("is-default", "true")}))(t).Vpcs
		if len(vpcs) != 1 || *vpcs[0].VpcId != vpcID {
			t.Errorf("VPCs %v", vpcs)
		}
		zones := must(w.DescribeAvailabilityZones(w.ctx, &sdk.DescribeAvailabilityZonesInput{}))(t).AvailabilityZones
		if len(zones) != 3 {
			t.Errorf("%d zones, want 3", len(zones))
		}
	})
}

func TestDescribeInstanceTypes(t *testing.T) {
	in(t, func(w *world) {
		got := map[string]types.ArchitectureType{}
		for _, i := range must(w.DescribeInstanceTypes(w.ctx, &sdk.DescribeInstanceTypesInput{
			InstanceTypes: []types.InstanceType{"t3.micro", "m5.large", "c5.xlarge", "t4g.small", "m7g.2xlarge"},
		}))(t).InstanceTypes {
			got[string(i.InstanceType)] = i.ProcessorInfo.SupportedArchitectures[0]
		}
		want := map[string]types.ArchitectureType{
			"t3.micro": "x86_64", "m5.large": "x86_64", "c5.xlarge": "x86_64", "t4g.small": "arm64", "m7g.2xlarge": "arm64",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		offered := must(w.DescribeInstanceTypeOfferings(w.ctx, &sdk.DescribeInstanceTypeOfferingsInput{
			LocationType: "availability-zone", Filters: names("instance-type", "t3.micro"),
		}))(t).InstanceTypeOfferings
		if len(offered) != 3 {
			t.Errorf("%d offerings of a type in 3 zones", len(offered))
		}
	})
}

func TestTags(t *testing.T) {
	in(t, func(w *world) {
		tag := func(key, value string) types.Tag { return types.Tag{Key: aws.String(key), Value: aws.String(value)} }
		must(w.CreateTags(w.ctx, &sdk.CreateTagsInput{
			Resources: []string{subnetB, groupID}, Tags: []types.Tag{tag("a", "1"), tag("b", "2"), tag("c", "")},
		}))(t)
		must(w.DeleteTags(w.ctx, &sdk.DeleteTagsInput{ // of a value only if it has that one
			Resources: []string{subnetB}, Tags: []types.Tag{{Key: aws.String("a")}, tag("b", "other")},
		}))(t)
		list := func(filters ...types.Filter) (all []string) {
			for _, d := range must(w.DescribeTags(w.ctx, &sdk.DescribeTagsInput{Filters: filters}))(t).Tags {
				all = append(all, string(d.ResourceType)+" "+*d.Key+"="+*d.Value)
			}
			return all
		}
		got := map[string][]string{
			"subnet": list(names("resource-id", subnetB)...),
			"groups": list(names("resource-type", "security-group")...),
			"key b":  list(names("key", "b")...),
		}
		want := map[string][]string{
			"subnet": {"subnet b=2", "subnet c="},
			"groups": {"security-group a=1", "security-group b=2", "security-group c="},
			"key b":  {"security-group b=2", "subnet b=2"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
