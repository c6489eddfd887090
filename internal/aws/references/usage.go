package references

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
)

// Report is one on the use of an image in all accounts that it is shared with. EC2 makes it within minutes, and removes it after
// 30 days.
type Report struct {
	Ready bool
	Uses  []string // "account 123456789012: 3 ec2:Instance"; nil until it is ready
}

// BeginReport has a report on an image made. Token makes the call safe to repeat.
func (c *Client) BeginReport(ctx context.Context, image, token string, tags map[string]string) (id string, err error) {
	out, err := c.api.CreateImageUsageReport(ctx, &ec2.CreateImageUsageReportInput{
		ImageId: &image, ClientToken: &token, TagSpecifications: ec2tag.AtCreation(tags, types.ResourceTypeImageUsageReport),
		ResourceTypes: []types.ImageUsageResourceTypeRequest{
			{ResourceType: aws.String("ec2:Instance")},
			{ResourceType: aws.String("ec2:LaunchTemplate"), ResourceTypeOptions: []types.ImageUsageResourceTypeOptionRequest{
				{OptionName: aws.String("version-depth"), OptionValues: []string{allVersions}},
			}},
		},
	})
	if err != nil {
		return "", awserr.Wrap(err, "ask for a report on the use of image %s", image)
	}
	return aws.ToString(out.ReportId), nil
}

// Report reads a report. One that EC2 could not make is an error.
func (c *Client) Report(ctx context.Context, id string) (Report, error) {
	out, err := c.api.DescribeImageUsageReports(ctx, &ec2.DescribeImageUsageReportsInput{ReportIds: []string{id}})
	if err != nil {
		return Report{}, awserr.Wrap(err, "read usage report %s", id)
	}
	if len(out.ImageUsageReports) != 1 {
		return Report{}, fmt.Errorf("read usage report %s: %w", id, awserr.ErrNotFound)
	}
	switch r := out.ImageUsageReports[0]; aws.ToString(r.State) {
	case "pending":
		return Report{}, nil
	case "available":
		return c.entries(ctx, id)
	default:
		return Report{}, fmt.Errorf("read usage report %s: it is in state %s: %s", id, aws.ToString(r.State), aws.ToString(r.StateReason))
	}
}

func (c *Client) entries(ctx context.Context, id string) (Report, error) {
	r := Report{Ready: true}
	pages := ec2.NewDescribeImageUsageReportEntriesPaginator(c.api, &ec2.DescribeImageUsageReportEntriesInput{ReportIds: []string{id}})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return Report{}, awserr.Wrap(err, "read the entries of usage report %s", id)
		}
		for _, e := range out.ImageUsageReportEntries {
			r.Uses = append(r.Uses, fmt.Sprintf("account %s: %d %s", aws.ToString(e.AccountId), aws.ToInt64(e.UsageCount), aws.ToString(e.ResourceType)))
		}
	}
	return r, nil
}

// DeleteReport removes a report.
func (c *Client) DeleteReport(ctx context.Context, id string) error {
	_, err := c.api.DeleteImageUsageReport(ctx, &ec2.DeleteImageUsageReportInput{ReportId: &id})
	return awserr.Wrap(err, "delete usage report %s", id)
}
