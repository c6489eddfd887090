package autoscaling

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/sandbox/wire"
)

// limits of a page: how many records it has when a request does not say, and how many it may have.
type limits struct{ usual, most int32 }

const tokenPrefix = "from:"

// page cuts one page out of items. A token names the item that the next page begins with.
func page[T any](items []T, id func(T) string, maxRecords *int32, token *string, l limits) ([]T, *string, error) {
	size := l.usual
	if maxRecords != nil {
		size = *maxRecords
	}
	if size < 1 || size > l.most {
		return nil, nil, invalid("The value for MaxRecords must be between 1 and %d: %d", l.most, size)
	}
	if aws.ToString(token) != "" {
		text, err := base64.StdEncoding.DecodeString(*token)
		from, ours := strings.CutPrefix(string(text), tokenPrefix)
		start := slices.IndexFunc(items, func(item T) bool { return id(item) == from })
		if err != nil || !ours || start < 0 {
			return nil, nil, wire.Errorf("InvalidNextToken", "The token '%s' is invalid.", *token)
		}
		items = items[start:]
	}
	if len(items) <= int(size) {
		return items, nil, nil
	}
	next := base64.StdEncoding.EncodeToString([]byte(tokenPrefix + id(items[size])))
	return items[:size], &next, nil
}
