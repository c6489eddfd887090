package ssm

import (
	"strings"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

const (
	maxLevels = 15
	// maxARN is how long a parameter's name may be with all of its ARN before it.
	maxARN = 1011
)

func validation(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}

func required(member string) *wire.Error {
	return validation("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

func notFound(name string) *wire.Error {
	return wire.Errorf("ParameterNotFound", "Parameter %s not found.", name)
}

var nameForm = pattern.Lazy(`^[a-zA-Z0-9_.\-/]+$`)

// checkNewName checks the name of a parameter that is to be written.
func (s *Service) checkNewName(name string) error {
	bare := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case strings.HasPrefix(name, "/") && strings.HasPrefix(bare, "aws/"):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.HasPrefix(bare, "aws"), strings.HasPrefix(bare, "ssm"):
		return validation(`Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`)
	case !nameForm().MatchString(name):
		return validation("Parameter name: only a mix of letters, numbers and the following 3 symbols .-_ is allowed, " +
			"in a path between slashes.")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return validation("Parameter name must be a fully qualified name.")
	case strings.Contains(name, "//"), strings.HasSuffix(name, "/"):
		return validation("Parameter name: a path has no empty levels.")
	case len(s.arn(&parameter{name: name})) > maxARN:
		return validation("Parameter name: its ARN is longer than %d characters.", maxARN)
	}
	return checkLevels(name)
}

func checkLevels(path string) error {
	if strings.Count(strings.TrimSuffix(path, "/"), "/") > maxLevels {
		return wire.Errorf("HierarchyLevelLimitExceededException",
			"A parameter hierarchy can have a maximum of %d levels: %s", maxLevels, path)
	}
	return nil
}

// reference is a name as reads take it: perhaps an ARN, perhaps with a selector of a version.
type reference struct {
	name     string
	selector string // "" or ":" and what follows
}

func (s *Service) parseReference(text string) reference {
	rest, isARN := strings.CutPrefix(text, s.acct.ARN("ssm", "parameter"))
	if !isARN {
		name, selector, found := strings.Cut(text, ":")
		if found {
			selector = ":" + selector
		}
		return reference{name, selector}
	}
	name, selector, found := strings.Cut(rest, ":")
	if found {
		selector = ":" + selector
	}
	// "x" and "/x" have the same ARN.
	if _, exists := s.parameters[name]; !exists {
		name = strings.TrimPrefix(name, "/")
	}
	return reference{name, selector}
}
