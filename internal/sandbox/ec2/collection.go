package ec2

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/sandbox/wire"
)

// collection keeps resources in the order in which they were made.
type collection[T any] struct {
	order []string
	byID  map[string]T
}

func (c *collection[T]) put(id string, item T) {
	if c.byID == nil {
		c.byID = map[string]T{}
	}
	if _, exists := c.byID[id]; !exists {
		c.order = append(c.order, id)
	}
	c.byID[id] = item
}

func (c *collection[T]) get(id string) (T, bool) {
	item, ok := c.byID[id]
	return item, ok
}

func (c *collection[T]) remove(id string) {
	delete(c.byID, id)
	c.order = slices.DeleteFunc(c.order, func(other string) bool { return other == id })
}

func (c *collection[T]) all() []T {
	items := make([]T, len(c.order))
	for i, id := range c.order {
		items[i] = c.byID[id]
	}
	return items
}

// pick gives the named items, or all when none is named.
func (c *collection[T]) pick(ids []string, missing func(id string) error) ([]T, error) {
	if len(ids) == 0 {
		return c.all(), nil
	}
	var items []T
	for i, id := range ids {
		item, ok := c.byID[id]
		if !ok {
			return nil, missing(id)
		}
		if !slices.Contains(ids[:i], id) {
			items = append(items, item)
		}
	}
	return items, nil
}

// limits of MaxResults.
type limits struct{ least, most int32 }

const tokenPrefix = "from:"

// page cuts one page out of items. A token names the item that the next page begins with, so that what is added or removed
// meanwhile neither repeats nor skips another.
func page[T any](items []T, id func(T) string, maxResults *int32, token *string, l limits) ([]T, *string, error) {
	if maxResults != nil && (*maxResults < l.least || *maxResults > l.most) {
		return nil, nil, wire.Errorf("InvalidParameterValue",
			"Value ( %d ) for parameter maxResults is invalid. Expecting a value between %d and %d.", *maxResults, l.least, l.most)
	}
	if aws.ToString(token) != "" {
		text, err := base64.StdEncoding.DecodeString(*token)
		from, ours := strings.CutPrefix(string(text), tokenPrefix)
		start := slices.IndexFunc(items, func(item T) bool { return id(item) == from })
		if err != nil || !ours || start < 0 {
			return nil, nil, wire.Errorf("InvalidNextToken", "The token '%s' is invalid", *token)
		}
		items = items[start:]
	}
	if maxResults == nil || len(items) <= int(*maxResults) {
		return items, nil, nil
	}
	next := base64.StdEncoding.EncodeToString([]byte(tokenPrefix + id(items[*maxResults])))
	return items[:*maxResults], &next, nil
}
