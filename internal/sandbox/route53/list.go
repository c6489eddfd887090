package route53

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// maxRecordsPage is the most that one page of records holds.
const maxRecordsPage = 300

// ListResourceRecordSets lists a zone's records from a name, type and identifier on. It sees what the last accepted batch
// wrote, in sync or not.
func (s *Service) ListResourceRecordSets(_ context.Context, in *sdk.ListResourceRecordSetsInput) (*sdk.ListResourceRecordSetsOutput, error) {
	z, err := s.zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(in.MaxItems, maxRecordsPage)
	if err != nil {
		return nil, err
	}
	start, err := startRecord(in)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListResourceRecordSetsOutput{MaxItems: aws.Int32(int32(size)), ResourceRecordSets: []types.ResourceRecordSet{}}
	for i, r := range z.records.records[z.records.from(start):] {
		if i == size {
			out.IsTruncated = true
			out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = r.set.Name, r.set.Type, r.set.SetIdentifier
			break
		}
		out.ResourceRecordSets = append(out.ResourceRecordSets, r.set)
	}
	return out, nil
}

// startRecord is a record to compare with: where the listing starts.
func startRecord(in *sdk.ListResourceRecordSetsInput) (*record, error) {
	start := &record{set: types.ResourceRecordSet{Type: in.StartRecordType, SetIdentifier: in.StartRecordIdentifier}}
	switch {
	case in.StartRecordName == nil && in.StartRecordType != "":
		return nil, invalidInput("The request must contain a StartRecordName when it contains a StartRecordType")
	case in.StartRecordType == "" && in.StartRecordIdentifier != nil:
		return nil, invalidInput("The request must contain a StartRecordType when it contains a StartRecordIdentifier")
	case in.StartRecordType != "" && !slices.Contains(in.StartRecordType.Values(), in.StartRecordType):
		return nil, invalidInput("'%s' is not a valid StartRecordType", in.StartRecordType)
	case in.StartRecordName == nil:
		return start, nil
	}
	name, err := parseName(*in.StartRecordName)
	if err != nil {
		return nil, invalidInput("%s", err)
	}
	start.order = nameOrder(name)
	return start, nil
}
