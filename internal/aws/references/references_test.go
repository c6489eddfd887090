package references

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
)

// account is an api over lists, in pages of two items.
type account struct {
	mu         sync.Mutex
	instances  []types.Instance
	templates  []string
	versions   map[string][]types.LaunchTemplateVersion
	references []types.ImageReference
	reports    []types.ImageUsageReport
	entries    []types.ImageUsageReportEntry
	refuse     map[string]error // by operation, or by the id of a launch template
	inputs     []any
}

func (a *account) called(in any, what string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inputs = append(a.inputs, in)
	return a.refuse[what]
}

func page[T any](all []T, token *string) ([]T, *string) {
	at := 0
	if token != nil {
		fmt.Sscan(*token, &at)
	}
	end := min(at+2, len(all))
	if end < len(all) {
		return all[at:end], aws.String(fmt.Sprint(end))
	}
	return all[at:], nil
}

func (a *account) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	some, next := page(a.instances, in.NextToken)
	return &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: some}}, NextToken: next}, a.called(in, "instances")
}

func (a *account) DescribeLaunchTemplates(_ context.Context, in *ec2.DescribeLaunchTemplatesInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	some, next := page(a.templates, in.NextToken)
	out := &ec2.DescribeLaunchTemplatesOutput{NextToken: next}
	for _, id := range some {
		out.LaunchTemplates = append(out.LaunchTemplates, types.LaunchTemplate{LaunchTemplateId: &id})
	}
	return out, a.called(in, "templates")
}

func (a *account) DescribeLaunchTemplateVersions(_ context.Context, in *ec2.DescribeLaunchTemplateVersionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error) {
	some, next := page(a.versions[*in.LaunchTemplateId], in.NextToken)
	return &ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: some, NextToken: next}, a.called(in, *in.LaunchTemplateId)
}

func (a *account) DescribeImageReferences(_ context.Context, in *ec2.DescribeImageReferencesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImageReferencesOutput, error) {
	asked := slices.DeleteFunc(slices.Clone(a.references), func(r types.ImageReference) bool { return !slices.Contains(in.ImageIds, *r.ImageId) })
	some, next := page(asked, in.NextToken)
	return &ec2.DescribeImageReferencesOutput{ImageReferences: some, NextToken: next}, a.called(in, "references")
}

func (a *account) CreateImageUsageReport(_ context.Context, in *ec2.CreateImageUsageReportInput, _ ...func(*ec2.Options)) (*ec2.CreateImageUsageReportOutput, error) {
	return &ec2.CreateImageUsageReportOutput{ReportId: aws.String("rep-1")}, a.called(in, "begin")
}

func (a *account) DescribeImageUsageReports(_ context.Context, in *ec2.DescribeImageUsageReportsInput, _ ...func(*ec2.Options)) (*ec2.DescribeImageUsageReportsOutput, error) {
	return &ec2.DescribeImageUsageReportsOutput{ImageUsageReports: a.reports}, a.called(in, "reports")
}

func (a *account) DescribeImageUsageReportEntries(_ context.Context, in *ec2.DescribeImageUsageReportEntriesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImageUsageReportEntriesOutput, error) {
	some, next := page(a.entries, in.NextToken)
	return &ec2.DescribeImageUsageReportEntriesOutput{ImageUsageReportEntries: some, NextToken: next}, a.called(in, "entries")
}

func (a *account) DeleteImageUsageReport(_ context.Context, in *ec2.DeleteImageUsageReportInput, _ ...func(*ec2.Options)) (*ec2.DeleteImageUsageReportOutput, error) {
	return &ec2.DeleteImageUsageReportOutput{}, a.called(in, "delete")
}

func refused(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	ofSDK := cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && field.Name() == "noSmithyDocumentSerde"
	}, cmp.Ignore())
	if diff := cmp.Diff(want, got, ofSDK); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestInstances(t *testing.T) {
	of := func(id, image string) types.Instance { return types.Instance{InstanceId: &id, ImageId: &image} }
	a := &account{instances: []types.Instance{of("i-1", "ami-1"), of("i-2", "ami-2"), of("i-3", "ami-1"), of("i-4", "ami-3"), of("i-5", "ami-1")}}
	got, err := (&Client{a}).Instances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "instances", map[string][]string{"ami-1": {"i-1", "i-3", "i-5"}, "ami-2": {"i-2"}, "ami-3": {"i-4"}}, got)
	check(t, "what it asks for", &ec2.DescribeInstancesInput{MaxResults: aws.Int32(1000), Filters: []types.Filter{
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped", "shutting-down"}},
	}}, a.inputs[0])
}

func version(template string, n int64, image string, isDefault bool) types.LaunchTemplateVersion {
	data := &types.ResponseLaunchTemplateData{}
	if image != "" {
		data.ImageId = &image
	}
	return types.LaunchTemplateVersion{LaunchTemplateId: &template, VersionNumber: &n, DefaultVersion: &isDefault, LaunchTemplateData: data}
}

func TestVersions(t *testing.T) {
	described := version("lt-1", 1, "ami-1", false)
	described.LaunchTemplateName, described.VersionDescription = aws.String("shop"), aws.String("by hand")
	a := &account{
		templates: []string{"lt-1", "lt-2", "lt-3", "lt-gone", "lt-empty"},
		versions: map[string][]types.LaunchTemplateVersion{
			"lt-1": {version("lt-1", 5, "ami-3", false), version("lt-1", 3, "ami-1", true), described, version("lt-1", 4, "", false)},
			"lt-2": {version("lt-2", 1, "ami-1", true)},
			"lt-3": {version("lt-3", 2, "", false), version("lt-3", 1, "ami-4", true)},
		},
		refuse: map[string]error{"lt-gone": refused("InvalidLaunchTemplateId.NotFound")},
	}
	got, err := (&Client{a}).Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "versions", []Version{
		{Template: "lt-1", Number: 5, Image: "ami-3", Latest: true},
		{Template: "lt-1", Number: 3, Image: "ami-1", Default: true},
		{Template: "lt-1", Name: "shop", Number: 1, Image: "ami-1", Description: "by hand"},
		{Template: "lt-2", Number: 1, Image: "ami-1", Default: true, Latest: true},
		{Template: "lt-3", Number: 1, Image: "ami-4", Default: true},
	}, got)
	for _, in := range a.inputs {
		if v, ok := in.(*ec2.DescribeLaunchTemplateVersionsInput); ok && (!aws.ToBool(v.ResolveAlias) || v.Versions != nil || v.MinVersion != nil) {
			t.Errorf("it asks for too little: %+v", v)
		}
	}
}

// What cannot be found out is an error, never an answer that is short of something.
func TestNothingIsSwallowed(t *testing.T) {
	instances := func(c *Client) (int, error) { got, err := c.Instances(t.Context()); return len(got), err }
	versions := func(c *Client) (int, error) { got, err := c.Versions(t.Context()); return len(got), err }
	reported := func(c *Client) (int, error) {
		got, err := c.Reported(t.Context(), []string{"ami-1"})
		return len(got), err
	}
	for what, call := range map[string]func(*Client) (int, error){
		"instances": instances, "templates": versions, "lt-2": versions, "references": reported,
	} {
		for code, kind := range map[string]error{"UnauthorizedOperation": awserr.ErrDenied, "RequestLimitExceeded": awserr.ErrThrottled} {
			a := &account{
				templates: []string{"lt-1", "lt-2", "lt-3"}, refuse: map[string]error{what: refused(code)},
				versions: map[string][]types.LaunchTemplateVersion{"lt-1": {version("lt-1", 1, "ami-1", true)}},
			}
			if got, err := call(&Client{a}); got != 0 || !errors.Is(err, kind) {
				t.Errorf("%s: %v, %v", what, got, err)
			}
		}
	}
}

func TestReported(t *testing.T) {
	a := &account{}
	want, ids := map[string][]string{}, []string{}
	for n := range 23 {
		id := fmt.Sprint("ami-", n)
		ids = append(ids, id)
		for m := range n % 4 {
			arn := fmt.Sprint("arn:aws:ec2:::launch-template/lt-", m)
			a.references = append(a.references, types.ImageReference{ImageId: &id, Arn: &arn, ResourceType: "ec2:LaunchTemplate"})
			want[id] = append(want[id], "ec2:LaunchTemplate "+arn)
		}
	}
	got, err := (&Client{a}).Reported(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "uses", want, got)
	check(t, "what it asks for", &ec2.DescribeImageReferencesInput{ImageIds: ids[:10], ResourceTypes: []types.ResourceTypeRequest{
		{ResourceType: "ec2:Instance", ResourceTypeOptions: []types.ResourceTypeOption{
			{OptionName: "state-name", OptionValues: []string{"pending", "running", "stopping", "stopped", "shutting-down"}},
		}},
		{ResourceType: "ec2:LaunchTemplate", ResourceTypeOptions: []types.ResourceTypeOption{{OptionName: "version-depth", OptionValues: []string{"1"}}}},
		{ResourceType: "ssm:Parameter"}, {ResourceType: "imagebuilder:ImageRecipe"}, {ResourceType: "imagebuilder:ContainerRecipe"},
	}}, a.inputs[0])
	if got, err := (&Client{&account{}}).Reported(t.Context(), nil); err != nil || len(got) > 0 {
		t.Errorf("of no image: %v, %v", got, err)
	}
}

func TestReport(t *testing.T) {
	a := &account{}
	c := &Client{a}
	id, err := c.BeginReport(t.Context(), "ami-1", "token", map[string]string{"k": "v"})
	if id != "rep-1" || err != nil {
		t.Errorf("begun: %s, %v", id, err)
	}
	check(t, "what it asks for", &ec2.CreateImageUsageReportInput{
		ImageId: aws.String("ami-1"), ClientToken: aws.String("token"),
		TagSpecifications: []types.TagSpecification{{ResourceType: "image-usage-report", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}},
		ResourceTypes: []types.ImageUsageResourceTypeRequest{
			{ResourceType: aws.String("ec2:Instance")},
			{ResourceType: aws.String("ec2:LaunchTemplate"), ResourceTypeOptions: []types.ImageUsageResourceTypeOptionRequest{
				{OptionName: aws.String("version-depth"), OptionValues: []string{"10000"}},
			}},
		},
	}, a.inputs[0])

	if _, err := c.Report(t.Context(), "rep-1"); !errors.Is(err, awserr.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	report := func(state, why string) []types.ImageUsageReport {
		return []types.ImageUsageReport{{ReportId: &id, State: &state, StateReason: &why}}
	}
	a.reports = report("pending", "")
	if got, err := c.Report(t.Context(), "rep-1"); err != nil || got.Ready {
		t.Errorf("at work: %v, %v", got, err)
	}
	a.reports = report("error", "oops")
	if _, err := c.Report(t.Context(), "rep-1"); err == nil || err.Error() != "read usage report rep-1: it is in state error: oops" {
		t.Errorf("failed: %v", err)
	}
	a.reports = report("available", "")
	got, err := c.Report(t.Context(), "rep-1")
	check(t, "nobody", Report{Ready: true}, got)
	for n := range 3 {
		a.entries = append(a.entries, types.ImageUsageReportEntry{AccountId: aws.String(fmt.Sprint("11112222333", n)), UsageCount: aws.Int64(int64(n + 1)), ResourceType: aws.String("ec2:Instance")})
	}
	if err != nil {
		t.Error(err)
	}
	if got, err = c.Report(t.Context(), "rep-1"); err != nil {
		t.Error(err)
	}
	check(t, "three accounts", Report{Ready: true, Uses: []string{
		"account 111122223330: 1 ec2:Instance", "account 111122223331: 2 ec2:Instance", "account 111122223332: 3 ec2:Instance",
	}}, got)
	a.refuse = map[string]error{"entries": refused("UnauthorizedOperation")}
	if got, err := c.Report(t.Context(), "rep-1"); got.Ready || !errors.Is(err, awserr.ErrDenied) {
		t.Errorf("without the right: %v, %v", got, err)
	}
	if err := c.DeleteReport(t.Context(), "rep-1"); err != nil {
		t.Error(err)
	}
}
