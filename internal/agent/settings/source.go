package settings

import (
	"errors"
	"strings"

	"bluegreen/internal/pattern"
)

// Source is where a secret is kept: "ssm:/path" in Parameter Store, or "secretsmanager:NAME#KEY" in Secrets Manager,
// where NAME is a name or an ARN, and KEY picks one value of a secret that is a JSON object; without it, all of it counts.
// It never is the secret itself, and what is no Source is not shown to anybody.
type Source string

var sources = pattern.Lazy(`^(ssm:((/[\w.-]+)+|arn:aws[a-z-]*:ssm:[\w-]+:\d{12}:parameter(/[\w.-]+)+)` +
	`|secretsmanager:([\w/+=.@-]+|arn:aws[a-z-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+)(#[^#\s[:cntrl:]]+)?)$`)

// Set implements config.Setter.
func (s *Source) Set(value any) error {
	text, _ := value.(string)
	if !sources().MatchString(text) {
		return errors.New(`must say where it is kept: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"; secrets do not belong into files`)
	}
	*s = Source(text)
	return nil
}

// Conceal implements config.Concealed.
func (s Source) Conceal() {}

// Service is "ssm" or "secretsmanager".
func (s Source) Service() string {
	service, _, _ := strings.Cut(string(s), ":")
	return service
}

// Name is the name or ARN within the service.
func (s Source) Name() string {
	_, rest, _ := strings.Cut(string(s), ":")
	name, _, _ := strings.Cut(rest, "#")
	return name
}

// Key is the one value wanted of a secret that is a JSON object; "" for all of it.
func (s Source) Key() string {
	_, key, _ := strings.Cut(string(s), "#")
	return key
}
