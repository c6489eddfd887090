package ec2

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) describedTemplate(t *template) *types.LaunchTemplate {
	d := t.LaunchTemplate
	d.Tags = s.tagsOf(*t.LaunchTemplateId)
	return &d
}

func (s *Service) describeLaunchTemplates(_ context.Context, in *sdk.DescribeLaunchTemplatesInput) (*sdk.DescribeLaunchTemplatesOutput, error) {
	ids := slices.Clone(in.LaunchTemplateIds)
	for _, name := range in.LaunchTemplateNames {
		t, err := s.findTemplate("", name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, *t.LaunchTemplateId)
	}
	picked, err := s.templates.pick(ids, func(id string) error {
		_, err := s.findTemplate(id, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	name := func(t *template) string { return *t.LaunchTemplateId }
	picked, err = filtered(s, picked, name, in.Filters, attributes[*template]{
		"launch-template-name": func(t *template) []string { return one(*t.LaunchTemplateName) },
		"create-time":          func(t *template) []string { return one(t.CreateTime.Format(imageTimeFormat)) },
	})
	if err != nil {
		return nil, err
	}
	picked, next, err := page(picked, name, in.MaxResults, in.NextToken, limits{1, 200})
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeLaunchTemplatesOutput{NextToken: next}
	for _, t := range picked {
		out.LaunchTemplates = append(out.LaunchTemplates, *s.describedTemplate(t))
	}
	return out, nil
}

func (s *Service) describeLaunchTemplateVersions(_ context.Context, in *sdk.DescribeLaunchTemplateVersionsInput) (*sdk.DescribeLaunchTemplateVersionsOutput, error) {
	picked, err := s.pickVersions(in)
	if err != nil {
		return nil, err
	}
	name := func(v types.LaunchTemplateVersion) string {
		return *v.LaunchTemplateId + " " + strconv.FormatInt(*v.VersionNumber, 10)
	}
	picked, err = filtered(s, picked, name, in.Filters, attributes[types.LaunchTemplateVersion]{
		"is-default-version": func(v types.LaunchTemplateVersion) []string { return boolean(v.DefaultVersion) },
		"image-id":           func(v types.LaunchTemplateVersion) []string { return one(aws.ToString(v.LaunchTemplateData.ImageId)) },
		"instance-type":      func(v types.LaunchTemplateVersion) []string { return one(string(v.LaunchTemplateData.InstanceType)) },
	})
	if err != nil {
		return nil, err
	}
	picked, next, err := page(picked, name, in.MaxResults, in.NextToken, limits{1, 200})
	if err != nil {
		return nil, err
	}
	if aws.ToBool(in.ResolveAlias) {
		if err := s.resolveAliases(picked); err != nil {
			return nil, err
		}
	}
	return &sdk.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: picked, NextToken: next}, err
}

// resolveAliases puts the ids of images in the place of aliases.
func (s *Service) resolveAliases(versions []types.LaunchTemplateVersion) error {
	for i, v := range versions {
		id, err := s.resolveImage(aws.ToString(v.LaunchTemplateData.ImageId))
		if err != nil {
			return err
		}
		data := *v.LaunchTemplateData
		data.ImageId = pointer(id)
		versions[i].LaunchTemplateData = &data
	}
	return nil
}

// pickVersions gives the versions that a request names, newest first. Without a template it may ask for the $Latest or the
// $Default of all.
func (s *Service) pickVersions(in *sdk.DescribeLaunchTemplateVersionsInput) ([]types.LaunchTemplateVersion, error) {
	id, name := aws.ToString(in.LaunchTemplateId), aws.ToString(in.LaunchTemplateName)
	if id == "" && name == "" {
		return s.pickMoving(in.Versions)
	}
	t, err := s.findTemplate(id, name)
	if err != nil {
		return nil, err
	}
	if len(in.Versions) > 0 && (in.MinVersion != nil || in.MaxVersion != nil) {
		return nil, wire.Errorf("InvalidParameterCombination", "Versions cannot be used together with MinVersion or MaxVersion")
	}
	wanted, err := t.wanted(in)
	if err != nil {
		return nil, err
	}
	var picked []types.LaunchTemplateVersion
	for _, number := range wanted {
		picked = append(picked, *t.versions[number])
	}
	return picked, nil
}

func (s *Service) pickMoving(words []string) ([]types.LaunchTemplateVersion, error) {
	var picked []types.LaunchTemplateVersion
	for _, word := range words {
		if word != latestVersion && word != defaultVersion {
			return nil, wire.Errorf("InvalidParameterCombination", "Version %s needs a launch template ID or name", word)
		}
	}
	if len(words) == 0 {
		return nil, wire.Errorf("MissingParameter", "Either a launch template ID or a launch template name must be specified.")
	}
	for _, t := range s.templates.all() {
		var numbers []int64
		for _, word := range words {
			found, err := t.find(word)
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, *found.VersionNumber)
		}
		for _, number := range newestFirst(numbers) {
			picked = append(picked, *t.versions[number])
		}
	}
	return picked, nil
}

func newestFirst(numbers []int64) []int64 {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	slices.Reverse(numbers)
	return numbers
}

// wanted are the numbers of the versions that a request names, newest first.
func (t *template) wanted(in *sdk.DescribeLaunchTemplateVersionsInput) ([]int64, error) {
	var numbers []int64
	for _, word := range in.Versions {
		found, err := t.find(word)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, *found.VersionNumber)
	}
	if len(in.Versions) > 0 {
		return newestFirst(numbers), nil
	}
	least, err := bound(in.MinVersion, 1)
	if err != nil {
		return nil, err
	}
	most, err := bound(in.MaxVersion, *t.LatestVersionNumber)
	if err != nil {
		return nil, err
	}
	for _, number := range t.numbers() {
		if number >= least && number <= most {
			numbers = append(numbers, number)
		}
	}
	return newestFirst(numbers), nil
}

func bound(text *string, otherwise int64) (int64, error) {
	if text == nil {
		return otherwise, nil
	}
	number, err := strconv.ParseInt(*text, 10, 64)
	if err != nil {
		return 0, wire.Errorf("InvalidParameterValue", "Invalid launch template version: %s", *text)
	}
	return number, nil
}
