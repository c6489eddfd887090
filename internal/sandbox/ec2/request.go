package ec2

import (
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/sandbox/wire"
)

// dryRun answers a request that was found right but should not be carried out.
func dryRun(asked *bool) error {
	if !aws.ToBool(asked) {
		return nil
	}
	return wire.Errorf("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").WithStatus(412)
}

// replay remembers what a client token was used for.
type replay struct {
	input any
	made  string // what the request made
}

// replayed looks a client token up. A token with other parameters is refused.
func (s *Service) replayed(operation string, token *string, input any) (made string, again bool, err error) {
	if aws.ToString(token) == "" {
		return "", false, nil
	}
	before, used := s.tokens[operation+" "+*token]
	if !used {
		return "", false, nil
	}
	if !reflect.DeepEqual(before.input, input) {
		return "", false, wire.Errorf("IdempotentParameterMismatch",
			"The client token you have provided is associated with a resource that is already created with different parameters.")
	}
	return before.made, true, nil
}

func (s *Service) remember(operation string, token *string, input any, made string) {
	if aws.ToString(token) != "" {
		s.tokens[operation+" "+*token] = replay{input: input, made: made}
	}
}

// newID is an identifier as EC2 makes them since 2016, e.g. "i-0" and 16 more digits.
func (s *Service) newID(prefix string) string { return prefix + "0" + s.Account.Hex(16) }

func (s *Service) now() *time.Time { return aws.Time(s.Account.Now()) }

// checkID refuses what cannot be an identifier of the kind.
func checkID(code, prefix, id string) error {
	if strings.HasPrefix(id, prefix) {
		return nil
	}
	return wire.Errorf(code, "Invalid id: %q (expecting %q)", id, prefix+"...")
}

func missingParameter(name string) error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s", name)
}
