package secretsmanager

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"bluegreen/internal/sandbox/wire"
)

// maxBatch is how many secrets come with one request.
const maxBatch = 20

func (s *Service) getSecretValue(_ context.Context, in *sdk.GetSecretValueInput) (*sdk.GetSecretValueOutput, error) {
	found, v, err := s.read(in.SecretId, in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	return &sdk.GetSecretValueOutput{
		ARN: aws.String(found.arn), Name: aws.String(found.name), CreatedDate: aws.Time(v.created),
		SecretString: v.text, SecretBinary: v.binary, VersionId: aws.String(v.id), VersionStages: v.labels,
	}, nil
}

// read is the version of a secret that an id, a label or both ask for, and notes that it was read.
func (s *Service) read(secretID, id, label *string) (*secret, *version, error) {
	found, err := s.findStaying(secretID)
	if err != nil {
		return nil, nil, err
	}
	var v *version
	switch {
	case id != nil:
		if v = found.byID(*id); v == nil {
			return nil, nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: %s", *id)
		}
		if label != nil && !v.has(*label) {
			return nil, nil, badState("You provided a VersionStage that is not associated to the provided VersionId.")
		}
	default:
		wanted := current
		if label != nil {
			wanted = *label
		}
		if v = found.labelled(wanted); v == nil {
			return nil, nil, wire.Errorf("ResourceNotFoundException",
				"Secrets Manager can't find the specified secret value for staging label: %s", wanted)
		}
	}
	found.read = s.acct.Now().Truncate(24 * time.Hour) // it tells the day only
	return found, v, nil
}

// batchGetSecretValue reads the current versions of secrets that are named, or of those that filters find. What cannot be
// read stands beside what can.
func (s *Service) batchGetSecretValue(_ context.Context, in *sdk.BatchGetSecretValueInput) (*sdk.BatchGetSecretValueOutput, error) {
	out := &sdk.BatchGetSecretValueOutput{SecretValues: []types.SecretValueEntry{}, Errors: []types.APIErrorType{}}
	ids := in.SecretIdList
	switch {
	case (len(ids) > 0) == (len(in.Filters) > 0):
		return nil, badParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	case len(ids) > maxBatch:
		return nil, validation("1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxBatch)
	case len(ids) > 0 && in.MaxResults != nil:
		return nil, badParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
	case len(ids) == 0:
		chosen, err := s.choose(in.Filters)
		if err != nil {
			return nil, err
		}
		if chosen, out.NextToken, err = page(chosen, in.MaxResults, maxBatch, in.NextToken); err != nil {
			return nil, err
		}
		for _, found := range chosen {
			if !found.leaving() {
				ids = append(ids, found.arn)
			}
		}
	}
	for _, id := range ids {
		found, v, err := s.read(&id, nil, nil)
		var refused *wire.Error
		if errors.As(err, &refused) {
			out.Errors = append(out.Errors, types.APIErrorType{
				SecretId: aws.String(id), ErrorCode: aws.String(refused.Code), Message: aws.String(refused.Message),
			})
			continue
		}
		out.SecretValues = append(out.SecretValues, types.SecretValueEntry{
			ARN: aws.String(found.arn), Name: aws.String(found.name), CreatedDate: aws.Time(v.created),
			SecretString: v.text, SecretBinary: v.binary, VersionId: aws.String(v.id), VersionStages: v.labels,
		})
	}
	return out, nil
}
