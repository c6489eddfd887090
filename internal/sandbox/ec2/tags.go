package ec2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// maxTags is how many tags of a user a resource can have.
const maxTags = 50

// kindOf tells what resource an id names; "" when there is none.
func (s *Service) kindOf(id string) types.ResourceType {
	has := func(ok bool, kind types.ResourceType) types.ResourceType {
		if ok {
			return kind
		}
		return ""
	}
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "i":
		_, ok := s.instances.get(id)
		return has(ok, types.ResourceTypeInstance)
	case "ami":
		_, ok := s.images.get(id)
		return has(ok, types.ResourceTypeImage)
	case "snap":
		_, ok := s.snapshots.get(id)
		return has(ok, types.ResourceTypeSnapshot)
	case "lt":
		_, ok := s.templates.get(id)
		return has(ok, types.ResourceTypeLaunchTemplate)
	case "vpc":
		_, ok := s.vpcs.get(id)
		return has(ok, types.ResourceTypeVpc)
	case "subnet":
		_, ok := s.subnets.get(id)
		return has(ok, types.ResourceTypeSubnet)
	case "sg":
		_, ok := s.groups.get(id)
		return has(ok, types.ResourceTypeSecurityGroup)
	}
	return ""
}

func (s *Service) createTags(_ context.Context, in *sdk.CreateTagsInput) (*sdk.CreateTagsOutput, error) {
	if err := s.checkResources(in.Resources); err != nil {
		return nil, err
	}
	tags := map[string]string{}
	if err := s.readTags(tags, in.Tags); err != nil {
		return nil, err
	}
	for _, id := range in.Resources {
		if err := checkTagCount(s.tags[id], tags); err != nil {
			return nil, err
		}
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	for _, id := range in.Resources {
		s.setTags(id, tags)
	}
	return &sdk.CreateTagsOutput{}, nil
}

func (s *Service) deleteTags(_ context.Context, in *sdk.DeleteTagsInput) (*sdk.DeleteTagsOutput, error) {
	if err := s.checkResources(in.Resources); err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		if err := checkReserved(aws.ToString(tag.Key)); err != nil {
			return nil, err
		}
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	for _, id := range in.Resources {
		maps.DeleteFunc(s.tags[id], func(key, value string) bool {
			if len(in.Tags) == 0 {
				return !strings.HasPrefix(key, "aws:")
			}
			return slices.ContainsFunc(in.Tags, func(t types.Tag) bool {
				return aws.ToString(t.Key) == key && (t.Value == nil || *t.Value == value)
			})
		})
	}
	return &sdk.DeleteTagsOutput{}, nil
}

func (s *Service) describeTags(_ context.Context, in *sdk.DescribeTagsInput) (*sdk.DescribeTagsOutput, error) {
	var all []types.TagDescription
	for _, id := range slices.Sorted(maps.Keys(s.tags)) {
		kind := s.kindOf(id)
		for _, t := range s.tagsOf(id) {
			all = append(all, types.TagDescription{ResourceId: aws.String(id), ResourceType: kind, Key: t.Key, Value: t.Value})
		}
	}
	name := func(t types.TagDescription) string { return *t.ResourceId + " " + *t.Key }
	kept, err := filtered(s, all, name, in.Filters, attributes[types.TagDescription]{
		"resource-id":   func(t types.TagDescription) []string { return one(*t.ResourceId) },
		"resource-type": func(t types.TagDescription) []string { return one(string(t.ResourceType)) },
		"key":           func(t types.TagDescription) []string { return one(*t.Key) },
		"value":         func(t types.TagDescription) []string { return []string{*t.Value} },
	})
	if err != nil {
		return nil, err
	}
	tags, next, err := page(kept, name, in.MaxResults, in.NextToken, limits{5, 1000})
	return &sdk.DescribeTagsOutput{Tags: tags, NextToken: next}, err
}

func (s *Service) checkResources(ids []string) error {
	if len(ids) == 0 {
		return missingParameter("resourceIdSet")
	}
	for _, id := range ids {
		if s.kindOf(id) == "" {
			return wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
		}
	}
	return nil
}

// readTags checks a request's tags and adds them to into.
func (s *Service) readTags(into map[string]string, tags []types.Tag) error {
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || len(key) > 127 {
			return wire.Errorf("InvalidParameterValue", "Tag key must not be empty and must have at most 127 characters: '%s'", key)
		}
		if err := checkReserved(key); err != nil {
			return err
		}
		if s.CheckTag != nil {
			if err := s.CheckTag(key, value); err != nil {
				return wire.Errorf("InvalidParameterValue", "Tag %s: %v", key, err)
			}
		}
		into[key] = value
	}
	return nil
}

func checkReserved(key string) error {
	if strings.HasPrefix(strings.ToLower(key), "aws:") {
		return wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
	}
	return nil
}

func checkTagCount(have, add map[string]string) error {
	merged := maps.Clone(add)
	maps.Copy(merged, have)
	maps.DeleteFunc(merged, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	if len(merged) > maxTags {
		return wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached: %d.", maxTags)
	}
	return nil
}

// specTags reads the tags that a request wants on resources of a kind.
func (s *Service) specTags(specs []types.TagSpecification, kind types.ResourceType, allowed ...types.ResourceType) (map[string]string, error) {
	tags := map[string]string{}
	for _, spec := range specs {
		into := tags
		if spec.ResourceType != kind {
			if !slices.Contains(allowed, spec.ResourceType) {
				return nil, wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
			}
			into = map[string]string{}
		}
		if err := s.readTags(into, spec.Tags); err != nil {
			return nil, err
		}
	}
	return tags, checkTagCount(nil, tags)
}

func (s *Service) setTags(id string, tags map[string]string) {
	if s.tags[id] == nil {
		s.tags[id] = map[string]string{}
	}
	maps.Copy(s.tags[id], tags)
}

// tagsOf gives a resource's tags in the order of their keys.
func (s *Service) tagsOf(id string) []types.Tag {
	var tags []types.Tag
	for _, key := range slices.Sorted(maps.Keys(s.tags[id])) {
		tags = append(tags, types.Tag{Key: aws.String(key), Value: aws.String(s.tags[id][key])})
	}
	return tags
}
