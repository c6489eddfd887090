package bluegreen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bluegreen/internal/aws/facts"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/exit"
)

// LossError lists what the new colour would be without.
type LossError struct {
	Title string
	Lost  map[string]string // what it is, by the name by which its loss can be accepted
}

func (e *LossError) Error() string {
	lines := []string{e.Title}
	for _, name := range slices.Sorted(maps.Keys(e.Lost)) {
		lines = append(lines, "  "+name+": "+e.Lost[name])
	}
	return strings.Join(lines, "\n")
}

// losses are what a clone of a stack would not have, each by the name by which its loss can be accepted. The names are paths
// of facts.
func (b blueprint) losses() map[string]string {
	lost := b.balancer.Unsupported()
	maps.Copy(lost, b.group.Unsupported(b.targetGroups(), b.labels()))
	maps.Copy(lost, templateLosses(b.template, b.template))
	for _, name := range b.watching() {
		lost["alarm/"+name] = "an alarm that watches the live stack"
	}
	switch {
	case b.aclDenied != nil:
		lost["waf"] = fmt.Sprintf("the web ACL that protects its load balancer, if there is one, which could not be read: %v", b.aclDenied)
	case b.webACL != "":
		lost["waf"] = "the protection of its load balancer by web ACL " + b.webACL
	}
	return lost
}

// strangers are targets of a stack that its Auto Scaling group does not know: somebody has registered them by hand, or by
// another group.
func strangers(s Stack) map[string]string {
	own := map[string]bool{}
	for _, i := range s.Group.Instances {
		own[i.ID] = true
	}
	lost := map[string]string{}
	for _, g := range s.Groups {
		for _, t := range s.Targets[g.ARN] {
			if !own[t.Instance] && t.State != "draining" {
				lost["target/"+t.Instance] = fmt.Sprintf("a target of %s that does not belong to Auto Scaling group %s", g.Name, s.Group.Name)
			}
		}
	}
	return lost
}

// templateLosses are what a version that is derived from base has other than the live one, by path.
func templateLosses(live, base template.Version) map[string]string {
	lost := map[string]string{}
	for _, d := range launchDifferences(live.Facts, base.Inherited()) {
		lost[d.Path] = "in the launch template, " + d.String()
	}
	return lost
}

// launchDifferences leaves out what two colours are meant to differ in: their image, and the tags that instances and volumes
// get from the template, which may name the color.
func launchDifferences(source, copied facts.Facts) []facts.Difference {
	return slices.DeleteFunc(facts.Compare(source, copied), func(d facts.Difference) bool {
		return d.Path == pathImage || strings.Contains(d.Path, "/Tags[")
	})
}

// Paths of facts in which a clone is meant to differ from its source.
const (
	pathImage    = "template/ImageId"
	pathTemplate = "group/LaunchTemplate"
)

// checkLoss refuses to lose what was not accepted by name, and to accept what is not there to be lost.
func checkLoss(title string, lost map[string]string, accepted []string) error {
	for _, name := range accepted {
		if _, known := lost[name]; !known {
			return &exit.Problem{Code: exit.Usage, Err: fmt.Errorf("--accept-loss %s: nothing of that name would be lost", name)}
		}
	}
	left := maps.Clone(lost)
	for _, name := range accepted {
		delete(left, name)
	}
	if len(left) == 0 {
		return nil
	}
	flags := ""
	for _, name := range slices.Sorted(maps.Keys(left)) {
		flags += " --accept-loss " + quoted(name)
	}
	return &exit.Problem{Code: exit.Failed, Err: &LossError{Title: title, Lost: left}, Try: "copy these by hand afterwards, and say so:" + flags}
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	special := func(r rune) bool {
		letter := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && !strings.ContainsRune("-_./:", r)
	}
	if strings.IndexFunc(word, special) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", "'\\''") + "'"
}
