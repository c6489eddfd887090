package settings

import (
	"slices"
	"strings"

	"bluegreen/internal/pattern"
)

// Mistakes that are common enough to be explained.

var (
	braces    = pattern.Lazy(`\{\{.*?\}\}|<no value>`)
	variables = pattern.Lazy(`\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_][A-Z0-9_]+`)
	// shellOption comes before a command line: -c, -ec, -lc…
	shellOption = pattern.Lazy(`^-[a-z]*c$`)
)

const (
	wantFilledIn = "must be the value itself: this is a template that nobody filled in"
	wantExpanded = "must be the value itself: nobody expands variables here"
)

// unexpanded says so if a value waits for somebody to fill it in.
func unexpanded(path string, value any) string {
	if strings.HasPrefix(path, "container.env.") || strings.HasPrefix(path, "log.options.") {
		return "" // apps have templates of their own, and Docker expands those of log tags
	}
	if text, ok := value.(string); ok {
		return waiting(text)
	}
	return ""
}

func waiting(text string) string {
	switch {
	case braces().MatchString(text):
		return wantFilledIn
	case variables().MatchString(text):
		return wantExpanded
	}
	return ""
}

// waitingWords looks at the words of a command and those before them. What is given to a shell is the shell's to expand.
func waitingWords(before, words []string) string {
	for i, word := range words {
		if all := slices.Concat(before, words[:i]); len(all) > 0 && shellOption().MatchString(all[len(all)-1]) {
			return ""
		}
		if want := waiting(word); want == wantExpanded {
			return want + `; a shell does: ["sh", "-c", "exec …"]`
		} else if want != "" {
			return want
		}
	}
	return ""
}

// unsplit says so if a command was given as one word.
func unsplit(words []string) string {
	if len(words) == 0 || len(strings.Fields(words[0])) < 2 {
		return ""
	}
	return "must be one word: nobody splits it at blanks. You probably meant " +
		quoteList(slices.Concat(strings.Fields(words[0]), words[1:]))
}

// pairs finds an option that stands in one word with its value.
func pairs(words []string) (word string, found bool) {
	for i, w := range words {
		option, value, blank := strings.Cut(w, " ")
		if blank && strings.HasPrefix(option, "-") && !strings.Contains(option, "=") && value != "" && (i == 0 || !shellOption().MatchString(words[i-1])) {
			return w, true
		}
	}
	return "", false
}

// refused are what people look for in the container's table and do not find there.
var refused = map[string]string{
	"privileged":   "is refused: the container could do all that the host can. Add what it needs to container.capabilities",
	"devices":      "is refused: the container would get at the host's devices",
	"device":       "is refused: the container would get at the host's devices",
	"gpus":         "is refused: the container would get at the host's devices",
	"pid":          "is refused: the container would see, and could stop, the host's processes",
	"ipc":          "is refused: the container would share memory with the host's processes",
	"uts":          "is refused: the container could rename the host",
	"userns":       "is refused: set container.user",
	"cgroupns":     "is refused: the container would see the host's",
	"sysctls":      "is refused: set them on the host",
	"security_opt": "is spelled out: container.no_new_privileges, container.seccomp, container.apparmor",
	"cap_add":      "is container.capabilities",
	"cap_drop":     "is not needed: all that container.capabilities does not list are dropped",
	"volumes":      "is container.mounts, with source, target and write",
	"volume":       "is container.mounts, with source, target and write",
	"environment":  "is container.env",
	"env_file":     "is container.env; for what is secret, there is [secrets]",
	"image":        "stands at the top: image = \"…\"",
	"name":         "follows from the app: app = \"…\", at the top",
	"restart":      "is not needed: the container is restarted when it fails. When it is unhealthy: [restart]",
	"health":       "is a table of its own: [health]",
	"healthcheck":  "is a table of its own: [health]",
	"log_driver":   "is log.driver",
	"logging":      "is a table of its own: [log]",
	"logs":         "is a table of its own: [log]",
	"args":         "is container.command",
	"cmd":          "is container.command",
	"mem_limit":    "is container.memory",
	"cpu":          "is container.cpus",
	"pids_limit":   "is container.pids",
	"workdir":      "is container.working_dir",
	"expose":       "is container.ports",
	"port":         "is container.ports, such as [\"80:8080\"]",
	"tty":          "is refused: nobody sits there",
	"labels":       "is refused: labels are how the agent knows its containers",
}

// Unknown implements config.Explainer.
func (Container) Unknown(key string) string { return refused[key] }

// Unknown implements config.Explainer.
func (Settings) Unknown(key string) string {
	switch key {
	case "colour":
		return "is color"
	case "ports", "command", "entrypoint", "env", "environment", "memory", "mounts", "volumes", "user", "privileged":
		return "belongs into [container]"
	case "secret":
		return "is secrets"
	case "env_file":
		return refused[key]
	}
	return ""
}

// Unknown implements config.Explainer.
func (Secret) Unknown(key string) string {
	if key == "value" || key == "secret" || key == "password" {
		return "is refused: secrets do not belong into files; from says where it is kept"
	}
	return ""
}
