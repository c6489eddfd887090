package drain

import (
	"fmt"
	"slices"
	"strings"

	"bluegreen/internal/aws/lifecycle"
)

// hookPrefix begins the names of hooks that are meant for this agent.
const hookPrefix = "bluegreen"

// ours is the hook of a transition that is ours to complete. There is none where the transition has no hooks, and where
// nobody can tell which is ours; problem says why then. A hook that somebody else waits for is better left to time out.
func ours(hooks []lifecycle.Hook, transition lifecycle.Transition, configured string) (our lifecycle.Hook, problem string) {
	of := slices.DeleteFunc(slices.Clone(hooks), func(h lifecycle.Hook) bool { return h.Transition != transition })
	if configured != "" {
		i := slices.IndexFunc(of, func(h lifecycle.Hook) bool { return h.Name == configured })
		if i < 0 {
			return lifecycle.Hook{}, fmt.Sprintf("the configured hook %q is not one of %s, which has %s", configured, transition, list(of))
		}
		return of[i], ""
	}
	named := slices.DeleteFunc(slices.Clone(of), func(h lifecycle.Hook) bool { return !strings.HasPrefix(h.Name, hookPrefix) })
	switch {
	case len(named) == 1:
		return named[0], ""
	case len(of) == 1:
		return of[0], ""
	case len(of) == 0:
		return lifecycle.Hook{}, ""
	}
	return lifecycle.Hook{}, fmt.Sprintf("%s has %s: name ours in the agent's configuration, or let its name alone begin with %q",
		transition, list(of), hookPrefix)
}

func list(hooks []lifecycle.Hook) string {
	if len(hooks) == 0 {
		return "no hooks"
	}
	var names []string
	for _, h := range hooks {
		names = append(names, h.Name)
	}
	return "the hooks " + strings.Join(names, ", ")
}
