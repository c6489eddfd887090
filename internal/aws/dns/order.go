package dns

import (
	"slices"
	"strings"
)

// Normal is a name as Route 53 lists it: lower case, with a trailing dot, a leading * as \052.
func Normal(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	if rest, wild := strings.CutPrefix(name, "*."); wild {
		name = `\052.` + rest
	}
	return name
}

// Compare orders names as Route 53 lists them: by their labels, reversed and written as one text, "com.example.www.". It is
// not the order of the labels one by one: "com.example.shop-api." stands before "com.example.shop.", since "-" comes before
// the dot.
func Compare(a, b string) int { return strings.Compare(reversed(a), reversed(b)) }

func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}
