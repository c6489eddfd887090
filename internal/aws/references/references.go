// Package references finds out who uses images in EC2. Every answer is the whole of it or an error: an image whose use is not
// known is one that must not be removed.
package references

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
)

type api interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error)
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
	DescribeImageReferences(context.Context, *ec2.DescribeImageReferencesInput, ...func(*ec2.Options)) (*ec2.DescribeImageReferencesOutput, error)
	CreateImageUsageReport(context.Context, *ec2.CreateImageUsageReportInput, ...func(*ec2.Options)) (*ec2.CreateImageUsageReportOutput, error)
	DescribeImageUsageReports(context.Context, *ec2.DescribeImageUsageReportsInput, ...func(*ec2.Options)) (*ec2.DescribeImageUsageReportsOutput, error)
	DescribeImageUsageReportEntries(context.Context, *ec2.DescribeImageUsageReportEntriesInput, ...func(*ec2.Options)) (*ec2.DescribeImageUsageReportEntriesOutput, error)
	DeleteImageUsageReport(context.Context, *ec2.DeleteImageUsageReportInput, ...func(*ec2.Options)) (*ec2.DeleteImageUsageReportOutput, error)
}

// Client calls EC2.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ec2.NewFromConfig(cfg)} }

// alive are the states of an instance that is not terminated.
var alive = []string{"pending", "running", "stopping", "stopped", "shutting-down"}

// perPage is how many items to ask for at once: the most that EC2 gives.
const perPage = 1000

// Instances has the ids of the instances of each image, in any state but terminated.
func (c *Client) Instances(ctx context.Context) (map[string][]string, error) {
	found := map[string][]string{}
	pages := ec2.NewDescribeInstancesPaginator(c.api, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(perPage), Filters: []types.Filter{{Name: aws.String("instance-state-name"), Values: alive}},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap(err, "list instances")
		}
		for _, r := range out.Reservations {
			for _, i := range r.Instances {
				found[aws.ToString(i.ImageId)] = append(found[aws.ToString(i.ImageId)], aws.ToString(i.InstanceId))
			}
		}
	}
	return found, nil
}

const (
	// reportedImages is how many images one call asks for, and
	reportedImages = 10
	// latestVersion is how far back EC2 looks in a launch template. Which of the others count is for who has asked: Versions has
	// them all, and a reference does not say which version it is.
	latestVersion = "1"
	// allVersions of those of other accounts, which nobody but EC2 can list; it would look at the last twenty.
	allVersions = "10000"
)

// Reported is what EC2 itself knows of the uses of images, as "ec2:Instance arn:…": those by instances, the latest versions of
// launch templates, parameters and recipes of Image Builder, in this account. It takes a right of its own: without it the error is awserr.ErrDenied.
func (c *Client) Reported(ctx context.Context, ids []string) (map[string][]string, error) {
	found := map[string][]string{}
	for some := range slices.Chunk(ids, reportedImages) {
		pages := ec2.NewDescribeImageReferencesPaginator(c.api, &ec2.DescribeImageReferencesInput{ImageIds: some, ResourceTypes: reportedTypes()})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return nil, awserr.Wrap(err, "ask for the uses of image %s …", some[0])
			}
			for _, r := range out.ImageReferences {
				id := aws.ToString(r.ImageId)
				found[id] = append(found[id], string(r.ResourceType)+" "+aws.ToString(r.Arn))
			}
		}
	}
	return found, nil
}

func reportedTypes() []types.ResourceTypeRequest {
	return []types.ResourceTypeRequest{
		{ResourceType: types.ImageReferenceResourceTypeEc2Instance, ResourceTypeOptions: []types.ResourceTypeOption{
			{OptionName: types.ImageReferenceOptionNameStateName, OptionValues: alive},
		}},
		{ResourceType: types.ImageReferenceResourceTypeEc2LaunchTemplate, ResourceTypeOptions: []types.ResourceTypeOption{
			{OptionName: types.ImageReferenceOptionNameVersionDepth, OptionValues: []string{latestVersion}},
		}},
		{ResourceType: types.ImageReferenceResourceTypeSsmParameter},
		{ResourceType: types.ImageReferenceResourceTypeImageBuilderImageRecipe},
		{ResourceType: types.ImageReferenceResourceTypeImageBuilderContainerRecipe},
	}
}
