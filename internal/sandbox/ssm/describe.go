package ssm

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const maxDescribeResults = 50

func (s *Service) describeParameters(_ context.Context, in *sdk.DescribeParametersInput) (*sdk.DescribeParametersOutput, error) {
	if len(in.Filters) > 0 {
		return nil, validation("Filters is deprecated and not supported here: use ParameterFilters.")
	}
	filters, err := parseFilters(in.ParameterFilters, describeFilters)
	if err != nil {
		return nil, err
	}
	var own []*parameter
	for _, p := range s.sorted() {
		if !p.public && filters.match(p) {
			own = append(own, p)
		}
	}
	page, next, err := pageOf(own, in.MaxResults, maxDescribeResults, in.NextToken, func(p *parameter) string { return p.name })
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeParametersOutput{Parameters: []types.ParameterMetadata{}, NextToken: next}
	for _, p := range page {
		v := p.latest()
		out.Parameters = append(out.Parameters, types.ParameterMetadata{
			ARN: aws.String(s.arn(p)), Name: aws.String(p.name), Type: v.kind, DataType: aws.String(v.dataType), Tier: v.tier,
			Version: v.number, KeyId: v.key(), Description: v.description, AllowedPattern: v.pattern,
			LastModifiedDate: aws.Time(v.modified), LastModifiedUser: s.user(), Policies: []types.ParameterInlinePolicy{},
		})
	}
	return out, nil
}

// key is the key of a secret, nil for anything else.
func (v *version) key() *string {
	if v.keyID == "" {
		return nil
	}
	return &v.keyID
}

func (s *Service) getParameterHistory(_ context.Context, in *sdk.GetParameterHistoryInput) (*sdk.GetParameterHistoryOutput, error) {
	if err := s.gets.take(s.acct.Now()); err != nil {
		return nil, err
	}
	if in.Name == nil {
		return nil, required("name")
	}
	p, known := s.parameters[s.parseReference(*in.Name).name]
	if !known {
		return nil, notFound(*in.Name)
	}
	page, next, err := pageOf(p.versions, in.MaxResults, maxDescribeResults, in.NextToken, func(v version) string {
		return fmt.Sprintf("%020d", v.number) // sorts as text like the number
	})
	if err != nil {
		return nil, err
	}
	out := &sdk.GetParameterHistoryOutput{Parameters: []types.ParameterHistory{}, NextToken: next}
	for i := range page {
		v := &page[i]
		out.Parameters = append(out.Parameters, types.ParameterHistory{
			Name: aws.String(p.name), Type: v.kind, DataType: aws.String(v.dataType), Tier: v.tier,
			Value: aws.String(v.text(p.name, aws.ToBool(in.WithDecryption))), Version: v.number,
			KeyId: v.key(), Description: v.description, AllowedPattern: v.pattern,
			LastModifiedDate: aws.Time(v.modified), LastModifiedUser: s.user(),
			Labels: []string{}, Policies: []types.ParameterInlinePolicy{},
		})
	}
	return out, nil
}
