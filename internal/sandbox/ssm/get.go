package ssm

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/sandbox/wire"
)

// maxNames is how many parameters one request may name.
const maxNames = 10

func (s *Service) getParameter(_ context.Context, in *sdk.GetParameterInput) (*sdk.GetParameterOutput, error) {
	if err := s.gets.take(s.acct.Now()); err != nil {
		return nil, err
	}
	if in.Name == nil {
		return nil, required("name")
	}
	p, err := s.find(*in.Name, aws.ToBool(in.WithDecryption))
	if err != nil {
		return nil, err
	}
	return &sdk.GetParameterOutput{Parameter: p}, nil
}

func (s *Service) getParameters(_ context.Context, in *sdk.GetParametersInput) (*sdk.GetParametersOutput, error) {
	if err := s.gets.take(s.acct.Now()); err != nil {
		return nil, err
	}
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &sdk.GetParametersOutput{Parameters: []types.Parameter{}, InvalidParameters: []string{}}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.Names))) {
		p, err := s.find(name, aws.ToBool(in.WithDecryption))
		var refusal *wire.Error
		switch {
		case err == nil:
			out.Parameters = append(out.Parameters, *p)
		case errors.As(err, &refusal):
			out.InvalidParameters = append(out.InvalidParameters, name)
		default:
			return nil, err
		}
	}
	return out, nil
}

func checkNames(names []string) error {
	if len(names) == 0 || len(names) > maxNames {
		return validation("1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length "+
			"from 1 to %d, not %d", maxNames, len(names))
	}
	return nil
}

// find is the version of a parameter that a name, an ARN or a name with a selector asks for.
func (s *Service) find(text string, decrypt bool) (*types.Parameter, error) {
	ref := s.parseReference(text)
	p, known := s.parameters[ref.name]
	if !known {
		return nil, notFound(ref.name)
	}
	if ref.selector == "" {
		return s.describe(p, p.latest(), decrypt), nil
	}
	number, err := strconv.ParseInt(ref.selector[1:], 10, 64)
	if err == nil {
		if i := slices.IndexFunc(p.versions, func(v version) bool { return v.number == number }); i >= 0 {
			found := s.describe(p, &p.versions[i], decrypt)
			found.Selector = &ref.selector
			return found, nil
		}
	}
	return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s.", ref.selector[1:], ref.name)
}

// describe is a version in the API's words.
func (s *Service) describe(p *parameter, v *version, decrypt bool) *types.Parameter {
	return &types.Parameter{
		ARN: aws.String(s.arn(p)), Name: aws.String(p.name), Type: v.kind, DataType: aws.String(v.dataType),
		Value: aws.String(v.text(p.name, decrypt)), Version: v.number, LastModifiedDate: aws.Time(v.modified),
	}
}

// text is a version's value, or in place of a secret that is not to be decrypted something that does not tell it.
func (v *version) text(name string, decrypt bool) string {
	if v.kind != types.ParameterTypeSecureString || decrypt {
		return v.value
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s:%d:%s", name, v.number, v.value))
	return "AQICAH" + base64.StdEncoding.EncodeToString(sum[:])
}
