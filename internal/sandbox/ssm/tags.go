package ssm

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/wire"
)

const maxTags = 50

// putTags sets tags, all of them or, if any is refused, none.
func putTags(tags map[string]string, list []types.Tag) error {
	merged := maps.Clone(tags)
	for _, t := range list {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || len(key) > 128 || len(value) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return validation("The tag %q is not valid.", key)
		}
		merged[key] = value
	}
	if len(merged) > maxTags {
		return wire.Errorf("TooManyTagsError", "A parameter has at most %d tags.", maxTags)
	}
	maps.Copy(tags, merged)
	return nil
}

func (s *Service) addTagsToResource(_ context.Context, in *sdk.AddTagsToResourceInput) (*sdk.AddTagsToResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &sdk.AddTagsToResourceOutput{}, putTags(p.tags, in.Tags)
}

func (s *Service) removeTagsFromResource(_ context.Context, in *sdk.RemoveTagsFromResourceInput) (*sdk.RemoveTagsFromResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(p.tags, key)
	}
	return &sdk.RemoveTagsFromResourceOutput{}, nil
}

func (s *Service) listTagsForResource(_ context.Context, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListTagsForResourceOutput{TagList: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(p.tags)) {
		out.TagList = append(out.TagList, types.Tag{Key: aws.String(key), Value: aws.String(p.tags[key])})
	}
	return out, nil
}

// tagged is the parameter that a request about tags names.
func (s *Service) tagged(kind types.ResourceTypeForTagging, id *string) (*parameter, error) {
	if kind != types.ResourceTypeForTaggingParameter {
		return nil, wire.Errorf("InvalidResourceType", "The resource type %s is not supported here: only Parameter is.", kind)
	}
	p, known := s.parameters[aws.ToString(id)]
	if !known || p.public {
		return nil, wire.Errorf("InvalidResourceId", "The resource ID %s is not valid.", aws.ToString(id))
	}
	return p, nil
}
