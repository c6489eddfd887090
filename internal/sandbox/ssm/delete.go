package ssm

import (
	"context"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
)

func (s *Service) deleteParameter(_ context.Context, in *sdk.DeleteParameterInput) (*sdk.DeleteParameterOutput, error) {
	if in.Name == nil {
		return nil, required("name")
	}
	if !s.remove(*in.Name) {
		return nil, notFound(*in.Name)
	}
	return &sdk.DeleteParameterOutput{}, nil
}

func (s *Service) deleteParameters(_ context.Context, in *sdk.DeleteParametersInput) (*sdk.DeleteParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &sdk.DeleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.Names))) {
		if s.remove(name) {
			out.DeletedParameters = append(out.DeletedParameters, name)
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

// remove deletes a parameter with all its versions: one of the same name starts at version 1 again. AWS's own stay.
func (s *Service) remove(name string) bool {
	p, known := s.parameters[name]
	if !known || p.public {
		return false
	}
	delete(s.parameters, name)
	return true
}
