package proxy

import "net/http"

// Rule says what to do with the requests that meet all of its conditions.
type Rule struct {
	Conditions []Condition
	Action     Action
	Rewrites   []Rewrite // of what is sent to the target
}

// Condition says whether a request meets it.
type Condition func(*http.Request) bool

// Action is what a rule does. Exactly one of its fields is set.
type Action struct {
	Forward  []WeightedGroup
	Redirect *Redirect
	Fixed    *Fixed
}

// Rewrite changes a request that is on its way to a target.
type Rewrite func(*http.Request)

func choose(rules []Rule, r *http.Request) *Rule {
	for i := range rules {
		if rules[i].matches(r) {
			return &rules[i]
		}
	}
	return nil
}

func (rule *Rule) matches(r *http.Request) bool {
	for _, holds := range rule.Conditions {
		if !holds(r) {
			return false
		}
	}
	return true
}
