package agent

import (
	"slices"

	"bluegreen/internal/agent/owner"
)

// exits are the ends of the app that nobody asked for, as they were last told.
type exits []owner.Exit

// fresh are those of the last ones that were not told yet. They cannot be told by their times: a clock may have been set back.
func (e *exits) fresh(last []owner.Exit) (news []owner.Exit) {
	for _, exit := range last {
		told := slices.ContainsFunc(*e, func(t owner.Exit) bool { return t.Container == exit.Container && t.At.Equal(exit.At) })
		if !told {
			news = append(news, exit)
		}
	}
	*e = slices.Clone(last)
	return news
}
