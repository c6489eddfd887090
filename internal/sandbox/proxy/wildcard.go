package proxy

import (
	"unicode"
	"unicode/utf8"
)

// wildcard says whether pattern matches all of s: * stands for any characters, ? for one, \ takes a meaning away.
func wildcard(pattern, s string, fold bool) bool {
	star, mark := -1, 0 // where to resume when the last * must take one character more
	p, i := 0, 0
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch want, width := token(pattern[p:]); {
		case want == anyString:
			star, mark = p+width, i
			p = star
		case want == anyRune || want >= 0 && equal(want, r, fold):
			p, i = p+width, i+size
		case star >= 0:
			_, size := utf8.DecodeRuneInString(s[mark:])
			mark += size
			p, i = star, mark
		default:
			return false
		}
	}
	for p < len(pattern) {
		want, width := token(pattern[p:])
		if want != anyString {
			return false
		}
		p += width
	}
	return true
}

// What a token of a pattern can be besides a character.
const (
	anyString rune = -1 - iota
	anyRune
	noToken
)

func token(pattern string) (want rune, width int) {
	if pattern == "" {
		return noToken, 0
	}
	r, size := utf8.DecodeRuneInString(pattern)
	switch {
	case r == '*':
		return anyString, size
	case r == '?':
		return anyRune, size
	case r == '\\' && len(pattern) > size:
		escaped, n := utf8.DecodeRuneInString(pattern[size:])
		return escaped, size + n
	}
	return r, size
}

func equal(a, b rune, fold bool) bool {
	return a == b || fold && unicode.ToLower(a) == unicode.ToLower(b)
}
