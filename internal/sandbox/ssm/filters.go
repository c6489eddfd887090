package ssm

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/wire"
)

// Which filters and options a call takes.
var (
	equalsOrBegins  = []string{"Equals", "BeginsWith"}
	pathFilters     = map[string][]string{"Type": equalsOrBegins, "KeyId": equalsOrBegins}
	describeFilters = map[string][]string{
		"Name": {"Equals", "BeginsWith", "Contains"},
		"Path": {"OneLevel", "Recursive"},
		"Type": equalsOrBegins, "KeyId": equalsOrBegins, "Tier": equalsOrBegins, "DataType": equalsOrBegins,
		"tag:": equalsOrBegins,
	}
)

const maxFilterValues = 50

// filters must all match.
type filters []filter

type filter struct {
	key    string // "tag:" without what follows
	tag    string // what follows "tag:"
	option string
	values []string // one of which must match; none asks only that a tag is there
}

func parseFilters(list []types.ParameterStringFilter, allowed map[string][]string) (filters, error) {
	var parsed filters
	seen := map[string]bool{}
	for _, f := range list {
		key := aws.ToString(f.Key)
		if seen[key] {
			return nil, validation("The following filters are duplicated in the request: [%s]. A request can contain only one "+
				"occurrence of a specific filter.", key)
		}
		seen[key] = true
		one := filter{key: key, values: f.Values}
		if tag, ok := strings.CutPrefix(key, "tag:"); ok {
			one.key, one.tag = "tag:", tag
		}
		options, known := allowed[one.key]
		if !known {
			return nil, wire.Errorf("InvalidFilterKey", "The following filter key is not valid: %s.", key)
		}
		one.option = options[0]
		if f.Option != nil {
			one.option = *f.Option
		}
		if !slices.Contains(options, one.option) {
			return nil, wire.Errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: %v.",
				one.option, options)
		}
		if err := one.checkValues(); err != nil {
			return nil, err
		}
		parsed = append(parsed, one)
	}
	return parsed, nil
}

func (f *filter) checkValues() error {
	if len(f.values) == 0 && f.key != "tag:" || len(f.values) > maxFilterValues || slices.Contains(f.values, "") {
		return wire.Errorf("InvalidFilterValue", "The filter %s%s needs values that are not empty, at most %d.", f.key, f.tag, maxFilterValues)
	}
	if f.key == "Path" {
		for _, path := range f.values {
			if err := checkPath(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func (fs filters) match(p *parameter) bool {
	for i := range fs {
		if !fs[i].match(p) {
			return false
		}
	}
	return true
}

func (f *filter) match(p *parameter) bool {
	v := p.latest()
	switch f.key {
	case "Path":
		return slices.ContainsFunc(f.values, func(path string) bool { return p.below(path, f.option == "Recursive") })
	case "tag:":
		value, has := p.tags[f.tag]
		return has && (len(f.values) == 0 || f.matchText(value))
	case "Name":
		// A filter may leave out the first slash.
		return f.matchText(p.name) || f.option != "Contains" && f.matchText(strings.TrimPrefix(p.name, "/"))
	case "Type":
		return f.matchText(string(v.kind))
	case "KeyId":
		return f.matchText(v.keyID)
	case "Tier":
		return f.matchText(string(v.tier))
	}
	return f.matchText(v.dataType)
}

func (f *filter) matchText(text string) bool {
	return slices.ContainsFunc(f.values, func(value string) bool {
		switch f.option {
		case "BeginsWith":
			return strings.HasPrefix(text, value)
		case "Contains":
			return strings.Contains(text, value)
		}
		return text == value
	})
}
