package ecr

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The number of things in one page: when nothing is said, and at most.
const (
	usualPage = 100
	largePage = 1000
)

// page is the part of a list, sorted by key, that a request asks for, and the token of the next one.
func page[T any](list []T, size *int32, token *string, key func(T) string) ([]T, *string, error) {
	limit := usualPage
	if size != nil {
		if *size < 1 || *size > largePage {
			return nil, nil, invalid("Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value from 1 to %d'", largePage)
		}
		limit = int(*size)
	}
	if token != nil {
		after, err := base64.StdEncoding.DecodeString(*token)
		if err != nil || len(after) == 0 {
			return nil, nil, invalid("Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'")
		}
		for len(list) > 0 && key(list[0]) <= string(after) {
			list = list[1:]
		}
	}
	if len(list) <= limit {
		return list, nil, nil
	}
	return list[:limit], aws.String(base64.StdEncoding.EncodeToString([]byte(key(list[limit-1])))), nil
}
