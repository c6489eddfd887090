package elbv2

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

const (
	maxTags         = 50 // of one resource
	maxTagResources = 20 // in one call
)

// tags of a resource, in the order in which they came.
type tags []types.Tag

// with is t and more, where more wins. It leaves t as it is.
func (t tags) with(more []types.Tag) (tags, error) {
	if err := checkTags(more); err != nil {
		return nil, err
	}
	next := slices.Clone(t)
	for _, tag := range more {
		tag.Value = aws.String(aws.ToString(tag.Value))
		if i := next.index(aws.ToString(tag.Key)); i >= 0 {
			next[i] = tag
		} else {
			next = append(next, tag)
		}
	}
	if len(next) > maxTags {
		return nil, wire.Errorf("TooManyTags", "The maximum number of tags for a resource, %d, was exceeded", maxTags)
	}
	return next, nil
}

func (t tags) without(keys []string) tags {
	return slices.DeleteFunc(slices.Clone(t), func(tag types.Tag) bool { return slices.Contains(keys, aws.ToString(tag.Key)) })
}

func (t tags) index(key string) int {
	return slices.IndexFunc(t, func(tag types.Tag) bool { return aws.ToString(tag.Key) == key })
}

// same compares keys and values, not the order.
func (t tags) same(other tags) bool {
	return len(t) == len(other) && !slices.ContainsFunc(t, func(tag types.Tag) bool {
		i := other.index(aws.ToString(tag.Key))
		return i < 0 || aws.ToString(other[i].Value) != aws.ToString(tag.Value)
	})
}

func checkTags(list []types.Tag) error {
	seen := map[string]bool{}
	for _, tag := range list {
		key := aws.ToString(tag.Key)
		switch {
		case key == "" || len(key) > 128:
			return wire.Errorf("ValidationError", "Tag key '%s' must have 1 to 128 characters", key)
		case len(aws.ToString(tag.Value)) > 256:
			return wire.Errorf("ValidationError", "The value of tag '%s' cannot be longer than 256 characters", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return wire.Errorf("ValidationError", "Tag key '%s' is not valid: the prefix 'aws:' is reserved", key)
		case seen[key]:
			return wire.Errorf("DuplicateTagKeys", "Tag key '%s' was specified more than once", key)
		}
		seen[key] = true
	}
	return nil
}

// tagged finds the tags of the resource with an ARN.
func (s *Service) tagged(arn string) (*tags, error) {
	k, _, ok := s.parseARN(arn)
	if !ok {
		return nil, wire.Errorf("ValidationError", "'%s' is not a valid ARN", arn)
	}
	switch k {
	case groupKind:
		g, err := s.group(arn)
		if err != nil {
			return nil, err
		}
		return &g.tags, nil
	case listenerKind:
		l, err := s.listener(arn)
		if err != nil {
			return nil, err
		}
		return &l.tags, nil
	case ruleKind:
		r, err := s.rule(arn)
		if err != nil {
			return nil, err
		}
		return &r.tags, nil
	}
	lb, err := s.balancer(arn)
	if err != nil {
		return nil, err
	}
	return &lb.tags, nil
}

func (s *Service) allTagged(arns []string) ([]*tags, error) {
	if len(arns) == 0 || len(arns) > maxTagResources {
		return nil, wire.Errorf("ValidationError", "%d resource ARNs were specified; between 1 and %d are allowed", len(arns), maxTagResources)
	}
	var found []*tags
	for _, arn := range arns {
		t, err := s.tagged(arn)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

func (s *Service) addTags(_ context.Context, in *sdk.AddTagsInput) (*sdk.AddTagsOutput, error) {
	found, err := s.allTagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	next := make([]tags, len(found))
	for i, t := range found {
		if next[i], err = t.with(in.Tags); err != nil {
			return nil, err
		}
	}
	for i, t := range found {
		*t = next[i]
	}
	return &sdk.AddTagsOutput{}, nil
}

func (s *Service) removeTags(_ context.Context, in *sdk.RemoveTagsInput) (*sdk.RemoveTagsOutput, error) {
	found, err := s.allTagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, t := range found {
		*t = t.without(in.TagKeys)
	}
	return &sdk.RemoveTagsOutput{}, nil
}

func (s *Service) describeTags(_ context.Context, in *sdk.DescribeTagsInput) (*sdk.DescribeTagsOutput, error) {
	found, err := s.allTagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeTagsOutput{}
	for i, t := range found {
		out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{
			ResourceArn: aws.String(in.ResourceArns[i]), Tags: slices.Clone(*t),
		})
	}
	return out, nil
}
