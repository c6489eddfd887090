package ssm

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/wire"
)

const (
	nodesPerPage    = 10 // unless the request says otherwise
	maxNodesPerPage = 50
)

// describeInstanceInformation lists the instances whose agent has registered. One that has not is just not there.
func (s *Service) describeInstanceInformation(_ context.Context, in *sdk.DescribeInstanceInformationInput) (*sdk.DescribeInstanceInformationOutput, error) {
	if len(in.InstanceInformationFilterList) > 0 {
		return nil, validation("InstanceInformationFilterList is a legacy method and not supported here: use Filters.")
	}
	if in.MaxResults == nil {
		in.MaxResults = aws.Int32(nodesPerPage)
	}
	var found []*node
	for _, id := range slices.Sorted(maps.Keys(s.nodes)) {
		n := s.nodes[id]
		matches, err := n.matches(in.Filters)
		if err != nil {
			return nil, err
		}
		if matches {
			found = append(found, n)
		}
	}
	page, next, err := pageOf(found, in.MaxResults, maxNodesPerPage, in.NextToken, func(n *node) string { return n.id })
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeInstanceInformationOutput{InstanceInformationList: []types.InstanceInformation{}, NextToken: next}
	for _, n := range page {
		pinged := n.pinged
		if n.online {
			pinged = s.acct.Now()
		}
		out.InstanceInformationList = append(out.InstanceInformationList, types.InstanceInformation{
			InstanceId: aws.String(n.id), PingStatus: n.ping(), LastPingDateTime: &pinged, RegistrationDate: &n.registered,
			AgentVersion: aws.String("3.3.3270.0"), IsLatestVersion: aws.Bool(true), IPAddress: aws.String(n.addr.String()),
			ComputerName: aws.String(n.id), PlatformType: types.PlatformTypeLinux, ResourceType: types.ResourceTypeEc2Instance,
			SourceId: aws.String(n.id), SourceType: types.SourceTypeAwsEc2Instance,
		})
	}
	return out, nil
}

func (n *node) ping() types.PingStatus {
	if n.lost {
		return types.PingStatusConnectionLost
	}
	return types.PingStatusOnline
}

func (n *node) matches(filters []types.InstanceInformationStringFilter) (bool, error) {
	for _, f := range filters {
		value := ""
		switch aws.ToString(f.Key) {
		case "InstanceIds":
			value = n.id
		case "PingStatus":
			value = string(n.ping())
		default:
			return false, wire.Errorf("InvalidFilterKey", "The following filter key is not valid here: %s. Valid filter keys include: [InstanceIds, PingStatus].", aws.ToString(f.Key))
		}
		if !slices.Contains(f.Values, value) {
			return false, nil
		}
	}
	return true, nil
}
