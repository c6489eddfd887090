package ec2

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

// attributes are what a kind of resource can be filtered by. tag:KEY and tag-key come with every kind.
type attributes[T any] map[string]func(T) []string

// one is the value of an attribute that has at most one.
func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func boolean(value *bool) []string {
	if aws.ToBool(value) {
		return []string{"true"}
	}
	return []string{"false"}
}

// filtered keeps the items that match every filter. All names are checked first, so that a mistyped one is refused even
// where there is nothing to filter.
func filtered[T any](s *Service, items []T, id func(T) string, filters []types.Filter, attrs attributes[T]) ([]T, error) {
	var kept []T
	for _, f := range filters {
		name := aws.ToString(f.Name)
		if attrs[name] == nil && name != "tag-key" && !strings.HasPrefix(name, "tag:") {
			return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	for _, item := range items {
		matches := func(f types.Filter) bool {
			have := s.filterValues(id(item), aws.ToString(f.Name))
			if get := attrs[aws.ToString(f.Name)]; get != nil {
				have = get(item)
			}
			return anyMatch(f.Values, have)
		}
		if !slices.ContainsFunc(filters, func(f types.Filter) bool { return !matches(f) }) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// filterValues gives the values of the tag filters.
func (s *Service) filterValues(id, name string) []string {
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if value, tagged := s.tags[id][key]; tagged {
			return []string{value}
		}
		return nil
	}
	var keys []string
	for key := range s.tags[id] {
		keys = append(keys, key)
	}
	return keys
}

func anyMatch(patterns, values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return wildcard(pattern, value) })
	})
}

// wildcard matches as EC2's filters do: * stands for any text, ? for one character, \ takes the meaning of the next away.
func wildcard(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch pattern[0] {
	case '*':
		for i := 0; i <= len(text); i++ {
			if wildcard(pattern[1:], text[i:]) {
				return true
			}
		}
		return false
	case '\\':
		if len(pattern) > 1 {
			pattern = pattern[1:]
		}
	case '?':
		return text != "" && wildcard(pattern[1:], text[1:])
	}
	return text != "" && text[0] == pattern[0] && wildcard(pattern[1:], text[1:])
}
