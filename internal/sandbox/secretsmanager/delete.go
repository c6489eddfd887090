package secretsmanager

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// How long a deleted secret can be restored, in days.
const (
	minRecovery   = 7
	maxRecovery   = 30
	usualRecovery = 30
)

// deleteSecret has a secret end after a while in which it can be restored, or at once by force. By force, what does not
// exist is as good as deleted.
func (s *Service) deleteSecret(_ context.Context, in *sdk.DeleteSecretInput) (*sdk.DeleteSecretOutput, error) {
	force, days := aws.ToBool(in.ForceDeleteWithoutRecovery), int64(usualRecovery)
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
		switch {
		case force:
			return nil, badParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
		case days < minRecovery || days > maxRecovery:
			return nil, badParameter("The RecoveryWindowInDays value must be between %d and %d days (inclusive).", minRecovery, maxRecovery)
		}
	}
	found, err := s.find(in.SecretId)
	switch {
	case err != nil && force && in.SecretId != nil:
		return &sdk.DeleteSecretOutput{Name: in.SecretId, DeletionDate: aws.Time(s.acct.Now())}, nil
	case err != nil:
		return nil, err
	case force:
		s.end(found)
		return &sdk.DeleteSecretOutput{ARN: aws.String(found.arn), Name: aws.String(found.name), DeletionDate: aws.Time(s.acct.Now())}, nil
	case found.leaving():
		return nil, badState("You can't perform this operation on the secret because it was already scheduled for deletion.")
	}
	window := time.Duration(days) * 24 * time.Hour
	found.deletion = s.acct.Now().Add(s.acct.Scaled(window))
	found.changed = s.acct.Now()
	found.timer = s.acct.After(window, func() { s.end(found) })
	return &sdk.DeleteSecretOutput{ARN: aws.String(found.arn), Name: aws.String(found.name), DeletionDate: aws.Time(found.deletion)}, nil
}

// end forgets a secret.
func (s *Service) end(gone *secret) {
	gone.timer.Stop()
	delete(s.secrets, gone.name)
}

// restoreSecret takes a deletion back. A secret that stays anyway is left as it is.
func (s *Service) restoreSecret(_ context.Context, in *sdk.RestoreSecretInput) (*sdk.RestoreSecretOutput, error) {
	found, err := s.find(in.SecretId)
	if err != nil {
		return nil, err
	}
	if found.leaving() {
		found.timer.Stop()
		found.deletion = time.Time{}
		found.changed = s.acct.Now()
	}
	return &sdk.RestoreSecretOutput{ARN: aws.String(found.arn), Name: aws.String(found.name)}, nil
}
