package ec2tag_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/aws/ec2tag"
)

var sdkTypes = cmpopts.IgnoreUnexported(types.Tag{}, types.TagSpecification{}, types.Filter{})

func tag(key, value string) types.Tag {
	return types.Tag{Key: aws.String(key), Value: aws.String(value)}
}

func TestShapes(t *testing.T) {
	tags := map[string]string{"b": "", "a": `x*?\`}
	list := []types.Tag{tag("a", `x*?\`), tag("b", "")}
	for what, c := range map[string]struct{ want, got any }{
		"a list": {list, ec2tag.List(tags)},
		"read":   {tags, ec2tag.Map(list)},
		"none":   {map[string]string{}, ec2tag.Map(nil)},
		"filters match nothing else": {
			[]types.Filter{{Name: aws.String("tag:a"), Values: []string{`x\*\?\\`}}, {Name: aws.String("tag:b"), Values: []string{""}}}, ec2tag.Filters(tags),
		},
		"of two kinds": {
			[]types.TagSpecification{{ResourceType: "image", Tags: list}, {ResourceType: "snapshot", Tags: list}}, ec2tag.AtCreation(tags, "image", "snapshot"),
		},
		"none at creation": {[]types.TagSpecification(nil), ec2tag.AtCreation(nil, "image")},
	} {
		if diff := cmp.Diff(c.want, c.got, sdkTypes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}
