// Package pattern has regular expressions that cost nothing until somebody asks them.
//
// The programs carry a hundred of them, most of them for what one run never meets: a rollback reads no recipe, an agent that runs
// validates its settings once. Compiled at the start of the program, they took a third of the time that it needs to start.
package pattern

import (
	"regexp"
	"sync"
)

// Func compiles a regular expression when it is called first, and returns the same one from then on. It may be called from
// several goroutines.
type Func func() *regexp.Regexp

// Lazy takes an expression as package regexp has it (RE2). One that does not compile panics when it is first asked: a test
// compiles all that the project has.
func Lazy(expression string) Func {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
