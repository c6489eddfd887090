package cloudwatch

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

// Limits of the API.
const (
	maxDimensions  = 30
	maxNameLength  = 255
	maxValueLength = 1024
)

// The error codes are those of the query protocol, which the other protocols carry beside the shape's name.

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterValue", format, args...)
}

func missing(parameter string) *wire.Error {
	return wire.Errorf("MissingParameter", "The parameter %s is required.", parameter)
}

func combination(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterCombination", format, args...)
}

func validation(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, args...)
}

var namespaceForm = pattern.Lazy(`^[^:][\x20-\x7e]*$`)

// checkName checks a namespace or a metric's name.
func checkName(parameter string, name *string) error {
	switch {
	case aws.ToString(name) == "":
		return missing(parameter)
	case len(*name) > maxNameLength:
		return invalid("The value for parameter %s must not be longer than %d characters.", parameter, maxNameLength)
	case !namespaceForm().MatchString(*name):
		return invalid("The value %s for parameter %s is invalid.", *name, parameter)
	}
	return nil
}

// dimensions checks dimensions and turns them into a map.
func dimensions(parameter string, list []types.Dimension) (map[string]string, error) {
	if len(list) > maxDimensions {
		return nil, invalid("The collection %s must not have a size greater than %d.", parameter, maxDimensions)
	}
	dims := make(map[string]string, len(list))
	for _, d := range list {
		name, value := aws.ToString(d.Name), aws.ToString(d.Value)
		switch {
		case name == "":
			return nil, missing(parameter + ".Name")
		case value == "":
			return nil, missing(parameter + ".Value")
		case len(name) > maxNameLength || name[0] == ':':
			return nil, invalid("The value %s for parameter %s.Name is invalid.", name, parameter)
		case len(value) > maxValueLength:
			return nil, invalid("The value for parameter %s.Value must not be longer than %d characters.", parameter, maxValueLength)
		}
		if _, twice := dims[name]; twice {
			return nil, invalid("The parameter %s contains the dimension %s more than once.", parameter, name)
		}
		dims[name] = value
	}
	return dims, nil
}

// period checks a granularity in seconds.
func period(parameter string, seconds *int32) (time.Duration, error) {
	if seconds == nil {
		return 0, missing(parameter)
	}
	n := *seconds
	if slices.Contains([]int32{1, 5, 10, 20, 30}, n) || n > 0 && n%60 == 0 {
		return time.Duration(n) * time.Second, nil
	}
	return 0, invalid("The parameter %s must be 1, 5, 10, 20, 30 or a multiple of 60, not %d.", parameter, n)
}

func checkUnit(parameter string, unit types.StandardUnit) error {
	if unit != "" && !slices.Contains(unit.Values(), unit) {
		return invalid("The value %s for parameter %s is invalid.", unit, parameter)
	}
	return nil
}
