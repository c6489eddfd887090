package probe

import (
	"fmt"
	"strconv"
	"strings"
)

// Statuses is a list of ranges of HTTP statuses, both ends included.
type Statuses [][2]int

// ParseStatuses reads "200-299,301".
func ParseStatuses(text string) (Statuses, error) {
	var set Statuses
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		low, errLow := strconv.Atoi(first)
		high, errHigh := strconv.Atoi(last)
		if errLow != nil || errHigh != nil || low < 100 || high > 599 || low > high {
			return nil, fmt.Errorf("expected status: %q is not a status or a range like 200-299", part)
		}
		set = append(set, [2]int{low, high})
	}
	return set, nil
}

// Contains says whether a status is one of them.
func (s Statuses) Contains(status int) bool {
	for _, r := range s {
		if r[0] <= status && status <= r[1] {
			return true
		}
	}
	return false
}
