package wire

import (
	"slices"
)

// cloudWatchShapes are the types of CloudWatch's errors whose code, from the days of the query protocol, is another word.
// JSON and CBOR replies name the type; a header says the code.
var cloudWatchShapes = map[string]string{
	"InternalServiceError":        "InternalServiceFault",
	"InvalidFormat":               "InvalidFormatFault",
	"InvalidParameterCombination": "InvalidParameterCombinationException",
	"InvalidParameterInput":       "DashboardInvalidInputError",
	"InvalidParameterValue":       "InvalidParameterValueException",
	"LimitExceeded":               "LimitExceededFault",
	"MissingParameter":            "MissingRequiredParameterException",
	"ValidationError":             "ValidationException",
}

// queryCompatible says that a service spoke query once, and that the codes of its errors are still from there.
func queryCompatible(s *Service) bool { return slices.Contains(s.Protocols, Query) }

// errorShape is the type that a JSON or CBOR reply gives to an error.
func errorShape(s *Service, code string) string {
	if shape, ok := cloudWatchShapes[code]; ok && queryCompatible(s) {
		return shape
	}
	return code
}

// setQueryError tells clients that know the old codes which one this is.
func setQueryError(r *reply, s *Service, e *Error) {
	if queryCompatible(s) {
		r.header.Set("X-Amzn-Query-Error", e.Code+";"+e.fault())
	}
}
