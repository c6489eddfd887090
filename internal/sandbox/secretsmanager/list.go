package secretsmanager

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"bluegreen/internal/sandbox/wire"
)

// maxList is how many secrets one page of a list has.
const maxList = 100

// moment is a time as the API has it: none when it never was.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *secret) writtenTags() []types.Tag {
	tags := []types.Tag{}
	for _, t := range s.tags {
		tags = append(tags, types.Tag{Key: aws.String(t.key), Value: aws.String(t.value)})
	}
	return tags
}

// stages are the labels of the versions that have any.
func (s *secret) stages() map[string][]string {
	stages := map[string][]string{}
	for _, v := range s.versions {
		if len(v.labels) > 0 {
			stages[v.id] = v.labels
		}
	}
	return stages
}

func (s *Service) describeSecret(_ context.Context, in *sdk.DescribeSecretInput) (*sdk.DescribeSecretOutput, error) {
	found, err := s.find(in.SecretId)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeSecretOutput{
		ARN: aws.String(found.arn), Name: aws.String(found.name), Type: found.kind, Description: found.description, KmsKeyId: found.key,
		Tags: found.writtenTags(), VersionIdsToStages: found.stages(), CreatedDate: aws.Time(found.created),
		LastChangedDate: aws.Time(found.changed), LastAccessedDate: moment(found.read), DeletedDate: moment(found.deletion),
	}, nil
}

func (s *Service) listSecrets(_ context.Context, in *sdk.ListSecretsInput) (*sdk.ListSecretsOutput, error) {
	chosen, err := s.choose(in.Filters)
	if err != nil {
		return nil, err
	}
	if !aws.ToBool(in.IncludePlannedDeletion) {
		chosen = slices.DeleteFunc(chosen, (*secret).leaving)
	}
	if err := order(chosen, in.SortBy, in.SortOrder); err != nil {
		return nil, err
	}
	chosen, next, err := page(chosen, in.MaxResults, maxList, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListSecretsOutput{SecretList: []types.SecretListEntry{}, NextToken: next}
	for _, found := range chosen {
		out.SecretList = append(out.SecretList, types.SecretListEntry{
			ARN: aws.String(found.arn), Name: aws.String(found.name), Type: found.kind, Description: found.description, KmsKeyId: found.key,
			Tags: found.writtenTags(), SecretVersionsToStages: found.stages(), CreatedDate: aws.Time(found.created),
			LastChangedDate: aws.Time(found.changed), LastAccessedDate: moment(found.read), DeletedDate: moment(found.deletion),
		})
	}
	return out, nil
}

// order sorts secrets: by age if nothing else is asked for.
func order(secrets []*secret, by types.SortByType, direction types.SortOrderType) error {
	keys := map[types.SortByType]func(a, b *secret) int{
		"":                               func(a, b *secret) int { return a.created.Compare(b.created) },
		types.SortByTypeCreatedDate:      func(a, b *secret) int { return a.created.Compare(b.created) },
		types.SortByTypeLastChangedDate:  func(a, b *secret) int { return a.changed.Compare(b.changed) },
		types.SortByTypeLastAccessedDate: func(a, b *secret) int { return a.read.Compare(b.read) },
		types.SortByTypeName:             func(a, b *secret) int { return strings.Compare(a.name, b.name) },
	}
	compare, ok := keys[by]
	if !ok {
		return validation("The value %s for SortBy is invalid.", by)
	}
	slices.SortFunc(secrets, func(a, b *secret) int {
		c := cmp.Or(compare(a, b), strings.Compare(a.name, b.name))
		if direction == types.SortOrderTypeDesc {
			return -c
		}
		return c
	})
	return nil
}

// choose is the secrets that all filters let through, by name.
func (s *Service) choose(filters []types.Filter) ([]*secret, error) {
	var chosen []*secret
	for _, f := range filters {
		if _, ok := attributes[f.Key]; !ok || len(f.Values) == 0 {
			return nil, badParameter("A filter is by name, description, tag-key or tag-value here, and has values; not by %q.", f.Key)
		}
	}
	for _, candidate := range s.secrets {
		if !slices.ContainsFunc(filters, func(f types.Filter) bool { return !passes(candidate, f) }) {
			chosen = append(chosen, candidate)
		}
	}
	slices.SortFunc(chosen, func(a, b *secret) int { return strings.Compare(a.name, b.name) })
	return chosen, nil
}

// attributes are what filters look at.
var attributes = map[types.FilterNameStringType]func(*secret) []string{
	types.FilterNameStringTypeName:        func(s *secret) []string { return []string{s.name} },
	types.FilterNameStringTypeDescription: func(s *secret) []string { return []string{aws.ToString(s.description)} },
	types.FilterNameStringTypeTagKey: func(s *secret) (keys []string) {
		for _, t := range s.tags {
			keys = append(keys, t.key)
		}
		return keys
	},
	types.FilterNameStringTypeTagValue: func(s *secret) (values []string) {
		for _, t := range s.tags {
			values = append(values, t.value)
		}
		return values
	},
}

// passes says whether an attribute begins with one of a filter's values, or does not for one that begins with "!".
func passes(s *secret, f types.Filter) bool {
	return slices.ContainsFunc(f.Values, func(wanted string) bool {
		prefix, not := strings.CutPrefix(wanted, "!")
		begins := slices.ContainsFunc(attributes[f.Key](s), func(attribute string) bool {
			if f.Key == types.FilterNameStringTypeDescription { // the case of which does not count
				attribute, prefix = strings.ToLower(attribute), strings.ToLower(prefix)
			}
			return strings.HasPrefix(attribute, prefix)
		})
		return begins != not
	})
}

// page is the part of a list that a request asks for, and the token of the next one, which says what came last.
func page(list []*secret, size *int32, most int, token *string) ([]*secret, *string, error) {
	limit := most
	if size != nil {
		if *size < 1 || int(*size) > most {
			return nil, nil, validation("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: "+
				"Member must have value from 1 to %d", *size, most)
		}
		limit = int(*size)
	}
	if token != nil {
		last, err := base64.StdEncoding.DecodeString(*token)
		i := slices.IndexFunc(list, func(s *secret) bool { return s.arn == string(last) })
		if err != nil || i < 0 {
			return nil, nil, wire.Errorf("InvalidNextTokenException", "Invalid pagination token provided.")
		}
		list = list[i+1:]
	}
	if len(list) <= limit {
		return list, nil, nil
	}
	return list[:limit], aws.String(base64.StdEncoding.EncodeToString([]byte(list[limit-1].arn))), nil
}
