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

// Compare orders names as Route 53 lists them: by labels, from the last one.
func Compare(a, b string) int { return slices.Compare(labels(a), labels(b)) }

func labels(name string) []string {
	l := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(l)
	return l
}
