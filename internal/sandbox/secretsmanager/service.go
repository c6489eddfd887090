// Package secretsmanager is the sandbox's Secrets Manager: secrets with versions and their staging labels, and deletion that
// can be taken back. It rotates and replicates nothing.
package secretsmanager

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// Service is Secrets Manager in one account. The account must be locked around its operations.
type Service struct {
	acct    *account.Account
	secrets map[string]*secret // by name
}

// New makes a Secrets Manager without secrets.
func New(acct *account.Account) *Service {
	return &Service{acct: acct, secrets: map[string]*secret{}}
}

// The staging labels that Secrets Manager moves by itself.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// secret is a name, what is known of it, and its versions, oldest first.
type secret struct {
	arn, name   string
	kind        *string
	description *string
	key         *string // that encrypts it; the account's own where nil
	tags        []tag
	versions    []*version
	created     time.Time
	changed     time.Time
	read        time.Time // zero if it never was
	deletion    time.Time // when it goes; zero while it stays
	timer       *account.Timer
}

type tag struct{ key, value string }

// version is a value and its labels.
type version struct {
	id      string
	text    *string // one of text and binary is set
	binary  []byte
	labels  []string
	created time.Time
}

func (s *secret) leaving() bool { return !s.deletion.IsZero() }

// labelled is the version that has a label; nil when none has.
func (s *secret) labelled(label string) *version {
	for _, v := range s.versions {
		if v.has(label) {
			return v
		}
	}
	return nil
}

// byID is a version by its id; nil when there is none.
func (s *secret) byID(id string) *version {
	for _, v := range s.versions {
		if v.id == id {
			return v
		}
	}
	return nil
}

// suffixForm is how every ARN ends: with six characters that no name has to know.
var suffixForm = pattern.Lazy(`-[a-zA-Z0-9]{6}$`)

// find looks a secret up by name, by ARN, or by an ARN without the six characters at its end. What looks as if it had them
// is taken for a whole ARN, as on AWS.
func (s *Service) find(id *string) (*secret, error) {
	text := aws.ToString(id)
	if text == "" {
		return nil, required("secretId")
	}
	name, isARN := strings.CutPrefix(text, s.acct.ARN("secretsmanager", "secret:"))
	if !isARN {
		name = text
	} else if suffixForm().MatchString(name) {
		name = suffixForm().ReplaceAllString(name, "")
		if found := s.secrets[name]; found != nil && found.arn == text {
			return found, nil
		}
		return nil, notFound()
	}
	if found := s.secrets[name]; found != nil {
		return found, nil
	}
	return nil, notFound()
}

// findStaying is find for those who cannot use a secret that waits for its end.
func (s *Service) findStaying(id *string) (*secret, error) {
	found, err := s.find(id)
	if err == nil && found.leaving() {
		return nil, badState("You can't perform this operation on the secret because it was marked for deletion.")
	}
	return found, err
}

func notFound() *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func badState(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidRequestException", format, args...)
}

func badParameter(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

func validation(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}

func required(member string) *wire.Error {
	return validation("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "secretsmanager",
		Version:     "2017-10-17",
		Target:      "secretsmanager",
		Protocols:   []wire.Protocol{wire.JSON},
		Operations: []wire.Operation{
			wire.Op("CreateSecret", s.createSecret),
			wire.Op("GetSecretValue", s.getSecretValue),
			wire.Op("BatchGetSecretValue", s.batchGetSecretValue),
			wire.Op("PutSecretValue", s.putSecretValue),
			wire.Op("UpdateSecret", s.updateSecret),
			wire.Op("DescribeSecret", s.describeSecret),
			wire.Op("ListSecrets", s.listSecrets),
			wire.Op("DeleteSecret", s.deleteSecret),
			wire.Op("RestoreSecret", s.restoreSecret),
		},
	}
}
