package bluegreen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bluegreen/internal/traffic"
)

// naming says what is called how in a clone. The zero value leaves all names as they are.
type naming struct {
	to       traffic.Color
	groups   map[string]string // target groups: name of the source's → of the copy's
	policies map[string]string
	whole    map[string]string // all names that are replaced where they stand as a whole in a tag
}

// maxName is how long names of load balancers and target groups may be.
const maxName = 32

// names makes the names of a clone. It refuses those that would be too long, or that two things would share.
func (a *App) names(b blueprint, to traffic.Color) (naming, error) {
	from, next := a.Config.Stack(to.Other()), a.Config.Stack(to)
	n := naming{to: to, groups: map[string]string{}, policies: map[string]string{}}
	for _, g := range b.balancer.Groups {
		name := recolor(g.Name, to)
		if name == g.Name {
			name += "-" + string(to)
		}
		if len(name) > maxName {
			return n, fmt.Errorf("the copy of target group %s would be called %s, which is longer than %d characters: give the source a shorter name, or one with its color as a word", g.Name, name, maxName)
		}
		n.groups[g.Name] = name
	}
	for _, name := range b.group.PolicyNames() {
		n.policies[name] = recolor(name, to)
	}
	for what, names := range map[string]map[string]string{"target groups": n.groups, "scaling policies": n.policies} {
		if one, other, shared := sharing(names); shared {
			return n, fmt.Errorf("the copies of the %s %s and %s would both be called %s: rename one of them", what, one, other, names[one])
		}
	}
	n.whole = maps.Clone(n.groups)
	n.whole[from.LoadBalancer], n.whole[from.Group] = next.LoadBalancer, next.Group
	return n, nil
}

// sharing finds two things whose copies would have one name.
func sharing(names map[string]string) (one, other string, found bool) {
	copies := map[string]string{}
	for _, source := range slices.Sorted(maps.Keys(names)) {
		if first, taken := copies[names[source]]; taken {
			return first, source, true
		}
		copies[names[source]] = source
	}
	return "", "", false
}

// targetNames are the names of the target groups that a clone makes, in the order of their sources.
func (n naming) targetNames(b blueprint) []string {
	names := make([]string, len(b.balancer.Groups))
	for i, g := range b.balancer.Groups {
		names[i] = n.targetGroup(g.Name)
	}
	return names
}

func (n naming) targetGroup(name string) string { return cmp.Or(n.groups[name], name) }

func (n naming) policy(name string) string { return cmp.Or(n.policies[name], name) }

// path is where a fact of the source stands among those of its copy.
func (n naming) path(source string) string {
	if name, isPolicy := strings.CutPrefix(source, "policy/"); isPolicy {
		return "policy/" + n.policy(name)
	}
	return source
}

// recolor replaces a colour as a word of a name: shop-blue-tg becomes shop-green-tg.
func recolor(name string, to traffic.Color) string {
	words := strings.Split(name, "-")
	for i, w := range words {
		if w == string(to.Other()) {
			words[i] = string(to)
		}
	}
	return strings.Join(words, "-")
}

// tag is the value of a tag in a copy: the names of the source's resources are those of the copy's there, and the name that
// people see has the copy's color.
func (n naming) tag(key, value string) string {
	renamed := replaceWhole(value, n.whole)
	if key == "Name" && renamed == value {
		return recolor(value, n.to)
	}
	return renamed
}

// replaceWhole replaces names where they are not a part of something longer, such as an ARN.
func replaceWhole(text string, names map[string]string) string {
	const joining = "-_/:"
	joins := func(r rune) bool {
		return strings.ContainsRune(joining, r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	var out strings.Builder
	for len(text) > 0 {
		end := strings.IndexFunc(text, func(r rune) bool { return !joins(r) })
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		out.WriteString(cmp.Or(names[word], word))
		text = text[end:]
		next := strings.IndexFunc(text, joins)
		if next < 0 {
			next = len(text)
		}
		out.WriteString(text[:next])
		text = text[next:]
	}
	return out.String()
}

// Tags that say whose a resource is. Only what carries the deployment's is ever deleted by it.
const (
	tagApp        = "bluegreen:app"
	tagColor      = "bluegreen:color"
	tagDeployment = "bluegreen:deployment"
	tagManaged    = "ManagedBy"
	managedBy     = "bluegreen"
)

// copyTags makes the tags of a copy: those of the source but for AWS's own, with the names of the new stack, and ours.
func (r *run) copyTags(s *State, n naming) func(map[string]string) map[string]string {
	return func(source map[string]string) map[string]string {
		tags := keptTags(source)
		for k, v := range tags {
			tags[k] = n.tag(k, v)
		}
		tags[tagApp], tags[tagColor], tags[tagDeployment], tags[tagManaged] = r.Config.App, string(s.To), s.Deployment, managedBy
		return tags
	}
}

// keptTags leaves out the tags that AWS reserves, and what we note on a group while we work on it.
func keptTags(source map[string]string) map[string]string {
	tags := map[string]string{}
	for k, v := range source {
		if !strings.HasPrefix(k, "aws:") && k != tagPin && k != tagRetired {
			tags[k] = v
		}
	}
	return tags
}
