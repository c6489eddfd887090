package ssm

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const maxPathResults = 10

func (s *Service) getParametersByPath(_ context.Context, in *sdk.GetParametersByPathInput) (*sdk.GetParametersByPathOutput, error) {
	if err := s.gets.take(s.acct.Now()); err != nil {
		return nil, err
	}
	if in.Path == nil {
		return nil, required("path")
	}
	if err := checkPath(*in.Path); err != nil {
		return nil, err
	}
	filters, err := parseFilters(in.ParameterFilters, pathFilters)
	if err != nil {
		return nil, err
	}
	var below []*parameter
	for _, p := range s.sorted() {
		if p.below(*in.Path, aws.ToBool(in.Recursive)) {
			below = append(below, p)
		}
	}
	page, next, err := pageOf(below, in.MaxResults, maxPathResults, in.NextToken, func(p *parameter) string { return p.name })
	if err != nil {
		return nil, err
	}
	out := &sdk.GetParametersByPathOutput{Parameters: []types.Parameter{}, NextToken: next}
	// Filters come after paging, as on AWS: a page may be short, or empty, and not the last.
	for _, p := range page {
		if filters.match(p) {
			out.Parameters = append(out.Parameters, *s.describe(p, p.latest(), aws.ToBool(in.WithDecryption)))
		}
	}
	return out, nil
}

func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") || !nameForm().MatchString(path) || strings.Contains(path, "//") {
		return validation(`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a ` +
			`forward slash "/". It must use only letters, numbers, or the following symbols: . (period), - (hyphen), ` +
			`_ (underscore). All sub-paths, if specified, must use the forward slash symbol "/". Valid example: ` +
			`/get/parameters2-/by1./path0_.`)
	}
	return checkLevels(path)
}

// below says whether a parameter is in a hierarchy: on the level below it, or on any. The root holds names without a
// slash, too, but of AWS's own nothing.
func (p *parameter) below(path string, recursive bool) bool {
	path = strings.TrimSuffix(path, "/")
	if path == "" && p.public {
		return false
	}
	rest, in := strings.CutPrefix(p.name, path+"/")
	if path == "" && !in {
		rest, in = p.name, true
	}
	return in && (recursive || !strings.Contains(rest, "/"))
}
