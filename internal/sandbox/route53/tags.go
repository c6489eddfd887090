package route53

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// maxTags is how many tags one call may add or remove, and how many a resource may have.
const (
	maxTagsCall = 10
	maxTags     = 50
)

// tagged finds the tags that an operation is about.
func (s *Service) tagged(kind types.TagResourceType, id *string) (*map[string]string, error) {
	switch kind {
	case types.TagResourceTypeHostedzone:
		z, err := s.zone(id)
		if err != nil {
			return nil, err
		}
		return &z.tags, nil
	case types.TagResourceTypeHealthcheck:
		c := s.checks[aws.ToString(id)]
		if c == nil {
			return nil, noSuchHealthCheck(aws.ToString(id))
		}
		return &c.tags, nil
	}
	return nil, invalidInput("'%s' is not a valid ResourceType", kind)
}

// ChangeTagsForResource adds, overwrites and removes tags of a zone or a health check.
func (s *Service) ChangeTagsForResource(_ context.Context, in *sdk.ChangeTagsForResourceInput) (*sdk.ChangeTagsForResourceOutput, error) {
	tagged, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	if len(in.AddTags)+len(in.RemoveTagKeys) == 0 {
		return nil, invalidInput("Either AddTags or RemoveTagKeys must be specified")
	}
	if len(in.AddTags) > maxTagsCall || len(in.RemoveTagKeys) > maxTagsCall {
		return nil, invalidInput("At most %d tags can be added and removed in one request", maxTagsCall)
	}
	tags := maps.Clone(*tagged)
	for _, key := range in.RemoveTagKeys {
		delete(tags, key)
	}
	for _, t := range in.AddTags {
		if aws.ToString(t.Key) == "" {
			return nil, invalidInput("A tag must have a key")
		}
		tags[*t.Key] = aws.ToString(t.Value)
	}
	if len(tags) > maxTags {
		return nil, invalidInput("A resource can have at most %d tags", maxTags)
	}
	*tagged = tags
	return &sdk.ChangeTagsForResourceOutput{}, nil
}

// ListTagsForResource lists the tags of a zone or a health check by key.
func (s *Service) ListTagsForResource(_ context.Context, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	tagged, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	set := &types.ResourceTagSet{ResourceId: aws.String(bareID(*in.ResourceId)), ResourceType: in.ResourceType, Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(*tagged)) {
		set.Tags = append(set.Tags, types.Tag{Key: aws.String(key), Value: aws.String((*tagged)[key])})
	}
	return &sdk.ListTagsForResourceOutput{ResourceTagSet: set}, nil
}
