package health

import (
	"strings"
	"unicode"
)

// maxText is how much of an error is kept: it goes into every answer of /health.
const maxText = 300

// text is an error on one line, without what a terminal would act on.
func text(err error) string {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, err.Error())
	if runes := []rune(line); len(runes) > maxText {
		line = string(runes[:maxText-1]) + "…"
	}
	return line
}
