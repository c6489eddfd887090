package ec2

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (s *Service) modifyLaunchTemplate(_ context.Context, in *sdk.ModifyLaunchTemplateInput) (*sdk.ModifyLaunchTemplateOutput, error) {
	t, err := s.findTemplate(aws.ToString(in.LaunchTemplateId), aws.ToString(in.LaunchTemplateName))
	if err != nil {
		return nil, err
	}
	if in.DefaultVersion == nil {
		return nil, missingParameter("SetDefaultVersion")
	}
	next, err := t.find(*in.DefaultVersion)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	t.DefaultVersionNumber = next.VersionNumber
	for number, v := range t.versions {
		v.DefaultVersion = aws.Bool(number == *next.VersionNumber)
	}
	return &sdk.ModifyLaunchTemplateOutput{LaunchTemplate: s.describedTemplate(t)}, nil
}

func (s *Service) deleteLaunchTemplate(_ context.Context, in *sdk.DeleteLaunchTemplateInput) (*sdk.DeleteLaunchTemplateOutput, error) {
	t, err := s.findTemplate(aws.ToString(in.LaunchTemplateId), aws.ToString(in.LaunchTemplateName))
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	s.templates.remove(*t.LaunchTemplateId)
	delete(s.tags, *t.LaunchTemplateId)
	return &sdk.DeleteLaunchTemplateOutput{LaunchTemplate: &t.LaunchTemplate}, nil
}

// deleteLaunchTemplateVersions deletes what it can and lists the rest: a version that is not there, and the default.
func (s *Service) deleteLaunchTemplateVersions(_ context.Context, in *sdk.DeleteLaunchTemplateVersionsInput) (*sdk.DeleteLaunchTemplateVersionsOutput, error) {
	t, err := s.findTemplate(aws.ToString(in.LaunchTemplateId), aws.ToString(in.LaunchTemplateName))
	if err != nil {
		return nil, err
	}
	if len(in.Versions) == 0 {
		return nil, missingParameter("LaunchTemplateVersion")
	}
	var numbers []int64
	for _, text := range in.Versions {
		number, err := bound(&text, 0)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := &sdk.DeleteLaunchTemplateVersionsOutput{}
	for _, number := range numbers {
		if failure := t.drop(number); failure != nil {
			out.UnsuccessfullyDeletedLaunchTemplateVersions = append(out.UnsuccessfullyDeletedLaunchTemplateVersions,
				types.DeleteLaunchTemplateVersionsResponseErrorItem{
					LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName,
					VersionNumber: aws.Int64(number), ResponseError: failure,
				})
			continue
		}
		out.SuccessfullyDeletedLaunchTemplateVersions = append(out.SuccessfullyDeletedLaunchTemplateVersions,
			types.DeleteLaunchTemplateVersionsResponseSuccessItem{
				LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName, VersionNumber: aws.Int64(number),
			})
	}
	return out, nil
}

// drop deletes a version. Its number is never given again; $Latest then means the newest that is left.
func (t *template) drop(number int64) *types.ResponseError {
	name := strconv.FormatInt(number, 10)
	if t.versions[number] == nil {
		return &types.ResponseError{
			Code:    types.LaunchTemplateErrorCodeLaunchTemplateVersionDoesNotExist,
			Message: aws.String("Launch template version " + name + " does not exist."),
		}
	}
	if number == *t.DefaultVersionNumber {
		return &types.ResponseError{
			Code:    types.LaunchTemplateErrorCodeUnexpectedError,
			Message: aws.String("Launch template version " + name + " is the default version and cannot be deleted."),
		}
	}
	delete(t.versions, number)
	left := t.numbers()
	t.LatestVersionNumber = aws.Int64(left[len(left)-1])
	return nil
}
