package autoscaling

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/wire"
)

const (
	taggedKind = "auto-scaling-group"
	maxTags    = 50
)

// setTags puts tags on a group; the resource that they name is not looked at.
func (s *Service) setTags(g *group, tags []types.Tag) error {
	next := maps.Clone(g.tags)
	for _, t := range tags {
		key := aws.ToString(t.Key)
		if key == "" || len(key) > 128 {
			return invalid("A tag's key must have 1 to 128 characters: '%s'", key)
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("Tag keys starting with 'aws:' are reserved for internal use: %s", key)
		}
		next[key] = types.TagDescription{
			ResourceId: g.AutoScalingGroupName, ResourceType: aws.String(taggedKind),
			Key: t.Key, Value: aws.String(aws.ToString(t.Value)), PropagateAtLaunch: aws.Bool(aws.ToBool(t.PropagateAtLaunch)),
		}
	}
	if len(next) > maxTags {
		return wire.Errorf("LimitExceeded", "A group can have %d tags at most", maxTags)
	}
	g.tags = next
	return nil
}

// propagated are the tags that new instances get.
func (g *group) propagated() map[string]string {
	tags := map[string]string{}
	for key, t := range g.tags {
		if *t.PropagateAtLaunch {
			tags[key] = *t.Value
		}
	}
	return tags
}

// sortedTags are a group's tags in the order of their keys.
func (g *group) sortedTags() []types.TagDescription {
	var tags []types.TagDescription
	for _, key := range slices.Sorted(maps.Keys(g.tags)) {
		tags = append(tags, g.tags[key])
	}
	return tags
}

// tagged finds the group of each tag before any is touched.
func (s *Service) tagged(tags []types.Tag) ([]*group, error) {
	var groups []*group
	for _, t := range tags {
		if kind := aws.ToString(t.ResourceType); kind != taggedKind {
			return nil, invalid("Tag resource type '%s' is not %s", kind, taggedKind)
		}
		g, err := s.findMutable(t.ResourceId)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func (s *Service) createOrUpdateTags(_ context.Context, in *sdk.CreateOrUpdateTagsInput) (*sdk.CreateOrUpdateTagsOutput, error) {
	groups, err := s.tagged(in.Tags)
	if err != nil {
		return nil, err
	}
	for i, g := range groups {
		if err := s.setTags(g, in.Tags[i:i+1]); err != nil {
			return nil, err
		}
	}
	return &sdk.CreateOrUpdateTagsOutput{}, nil
}

func (s *Service) deleteTags(_ context.Context, in *sdk.DeleteTagsInput) (*sdk.DeleteTagsOutput, error) {
	groups, err := s.tagged(in.Tags)
	if err != nil {
		return nil, err
	}
	for i, g := range groups {
		delete(g.tags, aws.ToString(in.Tags[i].Key))
	}
	return &sdk.DeleteTagsOutput{}, nil
}

func (s *Service) describeTags(_ context.Context, in *sdk.DescribeTagsInput) (*sdk.DescribeTagsOutput, error) {
	var found []types.TagDescription
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		found = append(found, s.groups[name].sortedTags()...)
	}
	for _, f := range in.Filters {
		value, known := tagFilters[aws.ToString(f.Name)]
		if !known {
			return nil, invalid("Filter type %s is not correct. Allowed Filter types are: auto-scaling-group key value propagate-at-launch",
				aws.ToString(f.Name))
		}
		found = slices.DeleteFunc(found, func(t types.TagDescription) bool { return !slices.Contains(f.Values, value(t)) })
	}
	found, next, err := page(found, func(t types.TagDescription) string { return *t.ResourceId + " " + *t.Key },
		in.MaxRecords, in.NextToken, limits{50, 100})
	return &sdk.DescribeTagsOutput{Tags: found, NextToken: next}, err
}

var tagFilters = map[string]func(types.TagDescription) string{
	"auto-scaling-group":  func(t types.TagDescription) string { return *t.ResourceId },
	"key":                 func(t types.TagDescription) string { return *t.Key },
	"value":               func(t types.TagDescription) string { return *t.Value },
	"propagate-at-launch": func(t types.TagDescription) string { return strconv.FormatBool(*t.PropagateAtLaunch) },
}
