package ec2

import (
	"strings"

	"bluegreen/internal/sandbox/wire"
)

// aliasPrefix begins an image id of a launch template that stands in a parameter.
const aliasPrefix = "resolve:ssm:"

// resolveImage is the image id that an alias stands for; what is no alias stands for itself.
func (s *Service) resolveImage(id string) (string, error) {
	name, isAlias := strings.CutPrefix(id, aliasPrefix)
	if !isAlias {
		return id, nil
	}
	if s.Parameter != nil {
		if value, ok := s.Parameter(name); ok {
			return value, nil
		}
	}
	return "", wire.Errorf("InvalidAMIID.Malformed", "The image id '%s' cannot be resolved: there is no parameter %s.", id, name)
}

// notAvailable refuses to use an image that is pending, has failed, or is disabled.
func notAvailable(i *image) error {
	return wire.Errorf("InvalidAMIID.Unavailable", "The image id '[%s]' is not available: it is %s", *i.ImageId, i.State)
}
