package settings

import (
	"regexp"
	"sync"
)

// lazy is a regular expression that is compiled when it is first asked. There are many here, and most programs that have this
// package in them start without reading any settings.
type lazy struct{ compiled func() *regexp.Regexp }

func lazily(text string) lazy {
	return lazy{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

func (l lazy) MatchString(s string) bool              { return l.compiled().MatchString(s) }
func (l lazy) FindStringSubmatch(s string) []string   { return l.compiled().FindStringSubmatch(s) }
func (l lazy) FindAllString(s string, n int) []string { return l.compiled().FindAllString(s, n) }
func (l lazy) ReplaceAllString(s, with string) string { return l.compiled().ReplaceAllString(s, with) }
