package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

var nameForm = pattern.Lazy(`^[a-zA-Z0-9/_+=.@!-]{1,512}$`)

// createSecret makes a secret, with a first version if a value is given. Asked again with the same token and the same value
// it makes nothing.
func (s *Service) createSecret(_ context.Context, in *sdk.CreateSecretInput) (*sdk.CreateSecretOutput, error) {
	name, v := aws.ToString(in.Name), value{in.ClientRequestToken, in.SecretString, in.SecretBinary}
	if !nameForm().MatchString(name) {
		return nil, validation("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if len(in.AddReplicaRegions) > 0 {
		return nil, badParameter("Secrets are not replicated here.")
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	if known := s.secrets[name]; known != nil {
		return s.createdBefore(known, v)
	}
	made := &secret{
		arn: s.acct.ARN("secretsmanager", "secret:"+name+"-"+s.acct.Hex(6)), name: name, kind: in.Type,
		description: in.Description, key: in.KmsKeyId, tags: readTags(in.Tags), created: s.acct.Now(), changed: s.acct.Now(),
	}
	out := &sdk.CreateSecretOutput{ARN: aws.String(made.arn), Name: aws.String(name)}
	if v.given() {
		first, err := s.add(made, v, nil)
		if err != nil {
			return nil, err
		}
		out.VersionId = aws.String(first.id)
	}
	s.secrets[name] = made
	return out, nil
}

func (s *Service) createdBefore(known *secret, v value) (*sdk.CreateSecretOutput, error) {
	if known.leaving() {
		return nil, badState("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if made := known.byID(aws.ToString(v.token)); made != nil && v.same(made) {
		return &sdk.CreateSecretOutput{ARN: aws.String(known.arn), Name: aws.String(known.name), VersionId: aws.String(made.id)}, nil
	}
	return nil, wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", known.name)
}

func readTags(given []types.Tag) []tag {
	var tags []tag
	for _, t := range given {
		tags = append(tags, tag{aws.ToString(t.Key), aws.ToString(t.Value)})
	}
	return tags
}

func (s *Service) putSecretValue(_ context.Context, in *sdk.PutSecretValueInput) (*sdk.PutSecretValueOutput, error) {
	v := value{in.ClientRequestToken, in.SecretString, in.SecretBinary}
	if !v.given() {
		return nil, badState("You must provide either SecretString or SecretBinary.")
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	to, err := s.findStaying(in.SecretId)
	if err != nil {
		return nil, err
	}
	made, err := s.add(to, v, in.VersionStages)
	if err != nil {
		return nil, err
	}
	return &sdk.PutSecretValueOutput{
		ARN: aws.String(to.arn), Name: aws.String(to.name), VersionId: aws.String(made.id), VersionStages: made.labels,
	}, nil
}

func (s *Service) updateSecret(_ context.Context, in *sdk.UpdateSecretInput) (*sdk.UpdateSecretOutput, error) {
	v := value{in.ClientRequestToken, in.SecretString, in.SecretBinary}
	if err := v.check(); err != nil {
		return nil, err
	}
	to, err := s.findStaying(in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &sdk.UpdateSecretOutput{ARN: aws.String(to.arn), Name: aws.String(to.name)}
	if v.given() {
		made, err := s.add(to, v, nil)
		if err != nil {
			return nil, err
		}
		out.VersionId = aws.String(made.id)
	}
	for _, change := range []struct{ setting, given **string }{
		{&to.description, &in.Description}, {&to.key, &in.KmsKeyId}, {&to.kind, &in.Type},
	} {
		if *change.given != nil {
			*change.setting = *change.given
			to.changed = s.acct.Now()
		}
	}
	return out, nil
}
