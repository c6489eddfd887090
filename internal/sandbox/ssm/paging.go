package ssm

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/sandbox/wire"
)

// pageOf is the part of a list, sorted by key, that a request asks for, and the token of the next one. A token says after
// which key to go on, so that what is written meanwhile moves no page.
func pageOf[T any](list []T, size *int32, most int, token *string, key func(T) string) ([]T, *string, error) {
	limit := most
	if size != nil {
		if *size < 1 || int(*size) > most {
			return nil, nil, validation("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: "+
				"Member must have value from 1 to %d", *size, most)
		}
		limit = int(*size)
	}
	if token != nil {
		after, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil || len(after) == 0 {
			return nil, nil, wire.Errorf("InvalidNextToken", "The specified token is not valid.")
		}
		for len(list) > 0 && key(list[0]) <= string(after) {
			list = list[1:]
		}
	}
	if len(list) <= limit {
		return list, nil, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(key(list[limit-1])))
	return list[:limit], aws.String(next), nil
}
