package metricmath

import (
	"fmt"

	"bluegreen/internal/pattern"
)

// maxLength is the longest expression that the API takes.
const maxLength = 2048

var (
	blank     = pattern.Lazy(`^\s+`)
	tokenForm = pattern.Lazy(`^(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*|==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]|'[^']*'|"[^"]*")`)
)

// lex splits an expression into tokens.
func lex(expression string) ([]string, error) {
	if len(expression) > maxLength {
		return nil, fmt.Errorf("it has %d characters, the limit is %d", len(expression), maxLength)
	}
	var tokens []string
	for rest := expression; ; {
		rest = rest[len(blank().FindString(rest)):]
		if rest == "" {
			return tokens, nil
		}
		t := tokenForm().FindString(rest)
		if t == "" {
			return nil, fmt.Errorf("unexpected %q", rest[:1])
		}
		tokens = append(tokens, t)
		rest = rest[len(t):]
	}
}
