package ec2

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

const (
	deprecateMost    = 10 * 365 * 24 * time.Hour // from now
	protectionLinger = 24 * time.Hour            // after it was taken away, if it was asked for with a cooldown
)

// changeImage does something to an image of this account.
func (s *Service) changeImage(id *string, dry *bool, check func(*image) error, do func(*image)) error {
	img, err := s.ownImage(id)
	if err != nil {
		return err
	}
	if err := check(img); err != nil {
		return err
	}
	if err := dryRun(dry); err != nil {
		return err
	}
	do(img)
	return nil
}

func anyImage(*image) error { return nil }

// inService refuses images that are neither available nor disabled.
func inService(i *image) error {
	if i.State == types.ImageStateAvailable || i.State == types.ImageStateDisabled {
		return nil
	}
	return notAvailable(i)
}

// disableImage takes all permissions away, for good.
func (s *Service) disableImage(_ context.Context, in *sdk.DisableImageInput) (*sdk.DisableImageOutput, error) {
	err := s.changeImage(in.ImageId, in.DryRun, inService, func(i *image) {
		i.State, i.permissions = types.ImageStateDisabled, nil
	})
	return &sdk.DisableImageOutput{Return: aws.Bool(true)}, err
}

func (s *Service) enableImage(_ context.Context, in *sdk.EnableImageInput) (*sdk.EnableImageOutput, error) {
	err := s.changeImage(in.ImageId, in.DryRun, inService, func(i *image) { i.State = types.ImageStateAvailable })
	return &sdk.EnableImageOutput{Return: aws.Bool(true)}, err
}

func (s *Service) enableImageDeprecation(_ context.Context, in *sdk.EnableImageDeprecationInput) (*sdk.EnableImageDeprecationOutput, error) {
	if in.DeprecateAt == nil {
		return nil, missingParameter("DeprecateAt")
	}
	at, now := in.DeprecateAt.UTC().Round(time.Minute), s.Account.Now()
	check := func(*image) error {
		if in.DeprecateAt.Before(now) || at.Sub(now) > deprecateMost {
			return wire.Errorf("InvalidParameterValue", "The date %s for DeprecateAt is in the past, or more than 10 years from now.",
				in.DeprecateAt.Format(time.RFC3339))
		}
		return nil
	}
	err := s.changeImage(in.ImageId, in.DryRun, check, func(i *image) { i.deprecated = at })
	return &sdk.EnableImageDeprecationOutput{Return: aws.Bool(true)}, err
}

func (s *Service) disableImageDeprecation(_ context.Context, in *sdk.DisableImageDeprecationInput) (*sdk.DisableImageDeprecationOutput, error) {
	err := s.changeImage(in.ImageId, in.DryRun, anyImage, func(i *image) { i.deprecated = time.Time{} })
	return &sdk.DisableImageDeprecationOutput{Return: aws.Bool(true)}, err
}

func (s *Service) enableProtection(_ context.Context, in *sdk.EnableImageDeregistrationProtectionInput) (*sdk.EnableImageDeregistrationProtectionOutput, error) {
	err := s.changeImage(in.ImageId, in.DryRun, anyImage, func(i *image) {
		i.protected, i.cooldown, i.guarded = true, aws.ToBool(in.WithCooldown), time.Time{}
	})
	return &sdk.EnableImageDeregistrationProtectionOutput{Return: aws.String("true")}, err
}

func (s *Service) disableProtection(_ context.Context, in *sdk.DisableImageDeregistrationProtectionInput) (*sdk.DisableImageDeregistrationProtectionOutput, error) {
	err := s.changeImage(in.ImageId, in.DryRun, anyImage, func(i *image) {
		if i.protected && i.cooldown {
			i.guarded = s.Account.Now().Add(s.Account.Scaled(protectionLinger))
		}
		i.protected = false
	})
	return &sdk.DisableImageDeregistrationProtectionOutput{Return: aws.String("true")}, err
}

// isProtected tells whether an image cannot be deregistered now.
func (s *Service) isProtected(i *image) bool { return i.protected || s.Account.Now().Before(i.guarded) }

// protection is how an image shows what keeps it from being deregistered.
func (s *Service) protection(i *image) string {
	switch {
	case i.protected && i.cooldown:
		return "enabled-with-cooldown"
	case i.protected:
		return "enabled-without-cooldown"
	case s.isProtected(i):
		return "disabled-with-cooldown until " + i.guarded.Format(time.RFC3339)
	}
	return "disabled"
}
