package userdata

import (
	"fmt"
	"regexp"
	"strings"
)

// starters are commands that start a container.
var starters = regexp.MustCompile(`(?:^|[\s;&|(/` + "`" + `])` +
	`((?:docker|podman|nerdctl)\s+(?:--?\S+\s+(?:\S+\s+)?)*?(?:container\s+)?(?:run|start|create|compose\s+(?:\S+\s+)*?up|play\s+kube|kube\s+play)` +
	`|(?:docker-compose|podman-compose)\s+(?:\S+\s+)*?up|ctr\s+(?:\S+\s+)*?run)(?:\s|$)`)

// punctuation is what stands between the words of a command that YAML has as a list.
var punctuation = strings.NewReplacer("[", " ", "]", " ", ",", " ", `"`, " ", "'", " ")

// StartsContainer says whether user data starts a container itself, and where. It reads scripts and cloud-configs alike; what a
// script fetches and runs it cannot see.
func StartsContainer(text string) (why string, yes bool) {
	text, err := plain(text)
	if err != nil {
		return "", false
	}
	pending, first := "", 0 // a command that goes on in the next line
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") && pending == "" {
			continue
		}
		if pending == "" {
			first = i + 1
		}
		if more, goesOn := strings.CutSuffix(line, `\`); goesOn {
			pending += more + " "
			continue
		}
		line, pending = pending+line, ""
		if found := starters.FindStringSubmatch(punctuation.Replace(line)); found != nil {
			return fmt.Sprintf("line %d: %s", first, strings.Join(strings.Fields(found[1]), " ")), true
		}
	}
	return "", false
}
