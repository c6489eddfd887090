// Package ec2tag turns tags into the shapes that EC2 has for them: on a resource, in a request that makes one, in a filter.
package ec2tag

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Map reads the tags of a resource. It is never nil.
func Map(tags []types.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

// List has tags in the order of their keys.
func List(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

// AtCreation tags all resources of some types that a request makes. Without tags it is nil: EC2 refuses an empty list.
func AtCreation(tags map[string]string, kinds ...types.ResourceType) []types.TagSpecification {
	if len(tags) == 0 {
		return nil
	}
	var specs []types.TagSpecification
	for _, kind := range kinds {
		specs = append(specs, types.TagSpecification{ResourceType: kind, Tags: List(tags)})
	}
	return specs
}

// Filters finds what has all of some tags.
func Filters(tags map[string]string) []types.Filter {
	var filters []types.Filter
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		filters = append(filters, types.Filter{Name: aws.String("tag:" + key), Values: []string{Literal(tags[key])}})
	}
	return filters
}

// wildcards are the characters that have a meaning in a filter's value.
var wildcards = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

// Literal is a text as a filter's value that matches nothing but it.
func Literal(text string) string { return wildcards.Replace(text) }
