// Package sts is the sandbox's Security Token Service: it says who is calling, which here is always the same user.
package sts

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sts"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// Service is STS in one account.
type Service struct {
	acct   *account.Account
	userID string
}

// New makes the service. The account must be locked.
func New(acct *account.Account) *Service {
	return &Service{acct: acct, userID: "AIDA" + strings.ToUpper(acct.Hex(17))}
}

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "sts",
		Version:     "2011-06-15",
		Namespace:   "https://sts.amazonaws.com/doc/2011-06-15/",
		Protocols:   []wire.Protocol{wire.Query},
		Operations:  []wire.Operation{wire.Op("GetCallerIdentity", s.getCallerIdentity)},
	}
}

func (s *Service) getCallerIdentity(context.Context, *sdk.GetCallerIdentityInput) (*sdk.GetCallerIdentityOutput, error) {
	return &sdk.GetCallerIdentityOutput{
		Account: aws.String(s.acct.ID),
		Arn:     aws.String("arn:aws:iam::" + s.acct.ID + ":user/sandbox"),
		UserId:  aws.String(s.userID),
	}, nil
}
