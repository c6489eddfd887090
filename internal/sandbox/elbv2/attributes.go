package elbv2

import (
	"maps"
	"slices"
	"strconv"

	"bluegreen/internal/sandbox/wire"
)

// attribute is a setting that is known by its key: what it is at first, and which values it takes.
type attribute struct {
	key     string
	initial string
	accepts func(value string) bool
}

// attributes are the values of a resource's attributes, complete and by key.
type attributes map[string]string

// schema is all attributes of a kind of resource, in the order in which they are described.
type schema []attribute

func (sc schema) initial() attributes {
	a := attributes{}
	for _, at := range sc {
		a[at.key] = at.initial
	}
	return a
}

// change is one key and value of a request.
type change struct{ key, value string }

// apply gives a copy of current with the changes made, or says what is wrong with them.
func (sc schema) apply(what string, current attributes, changes []change) (attributes, error) {
	if len(changes) == 0 {
		return nil, wire.Errorf("ValidationError", "At least one %s attribute must be specified", what)
	}
	next := maps.Clone(current)
	for _, c := range changes {
		i := slices.IndexFunc(sc, func(a attribute) bool { return a.key == c.key })
		if i < 0 {
			return nil, wire.Errorf("ValidationError", "%s attribute key '%s' is not recognized", what, c.key)
		}
		if !sc[i].accepts(c.value) {
			return nil, wire.Errorf("ValidationError", "'%s' is not a valid value for %s attribute '%s'", c.value, what, c.key)
		}
		next[c.key] = c.value
	}
	return next, nil
}

// list is the attributes in the order of the schema.
func list[T any](sc schema, a attributes, make func(key, value string) T) []T {
	return each(sc, func(at attribute) T { return make(at.key, a[at.key]) })
}

func (a attributes) on(key string) bool { return a[key] == "true" }

// number of a key whose values the schema holds to integers; 0 for words such as "off".
func (a attributes) number(key string) int {
	n, _ := strconv.Atoi(a[key])
	return n
}

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

var boolean = oneOf("true", "false")

func between(low, high int) func(string) bool {
	return func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && low <= n && n <= high
	}
}

func or(a, b func(string) bool) func(string) bool {
	return func(v string) bool { return a(v) || b(v) }
}

func upTo(length int) func(string) bool {
	return func(v string) bool { return len(v) <= length }
}
