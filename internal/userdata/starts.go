package userdata

import (
	"encoding/base64"
	"fmt"
	"strings"

	"bluegreen/internal/pattern"
)

// StartsContainer says whether user data starts a container by itself, and what does it: the command and its place, without
// its arguments, which may be secret. It reads scripts, cloud-configs, the files that they write, also encoded ones, and
// multiparts of them. What user data fetches from elsewhere cannot be seen: then the answer is no, with why not all is
// known.
func StartsContainer(userData string) (why string, yes bool) {
	parts := flatten(userData)
	look := search{left: maxSearched}
	for _, p := range parts {
		if what, found := look.starts(p.text, maxDepth); found {
			return "it runs " + what + p.place(), true
		}
	}
	for _, p := range parts {
		if strings.HasPrefix(p.text, "#include") {
			return "what it includes from elsewhere is not known" + p.place(), false
		}
	}
	return "", false
}

func (p part) place() string {
	if p.name == "" {
		return ""
	}
	return " (" + p.name + ")"
}

const (
	// engine is the command line of an engine, by name, by path or by variable, with options before its command.
	engine = "(?:^|[\\s;&|(`=/])" + `(docker|podman|nerdctl|\$\{?(?i:docker|podman)\w*\}?)(?:\s+-\S+(?:\s+[^-\s;&|]\S*)?)*?\s+`
	// words are options and values that stand between two words of one command.
	words = `(?:\s+[^\s;&|]+)*?\s+`
)

var (
	engineRun  = pattern.Lazy(engine + `(?:container\s+)?(run|start)(?:\s(.*))?$`)
	engineMore = pattern.Lazy(engine + `(compose` + words + `(?:up|start|run)|stack\s+deploy|service\s+create|play\s+kube|kube\s+play)(?:\s|$)`)
	compose    = pattern.Lazy("(?:^|[\\s;&|(`=/])" + `((?:docker|podman)-compose` + words + `(?:up|start|run))(?:\s|$)`)
	containerd = pattern.Lazy(`(?:^|[\s;&|(=/])(ctr` + words + `(?:run|start))(?:\s|$)`)
	socket     = pattern.Lazy(`docker\.sock.*/containers/\S+/start`)
	cluster    = pattern.Lazy(`ECS_CLUSTER=`)
	quadlet    = pattern.Lazy(`/containers/systemd/\S+\.(?:container|pod|kube)\b`)

	// lists is a command that is a YAML list over several lines.
	lists = pattern.Lazy(`(?m)^[\s-]*-\s+["']?(?:\S*/)?(docker|podman|nerdctl)["']?\s*\n(?:\s*-\s+["']?container["']?\s*\n)?\s*-\s+["']?(run|start)["']?\s*$`)
	// blobs are what may be base64, and one more word, which may be its last line.
	blobs = pattern.Lazy(`((?:[A-Za-z0-9+/]{20,}={0,2}\s*)+)([A-Za-z0-9+/]*)`)
	// flow are the marks of lists and texts in YAML and JSON, and of texts in a shell.
	flow = strings.NewReplacer(`"`, " ", `'`, " ", "[", " ", "]", " ", ",", " ")
	// daemon is the start of Docker itself.
	daemon = pattern.Lazy(`(?:\bservice\s+|/init\.d/)docker\s+(?:re)?start\b`)
	spoken = pattern.Lazy(`^\s*(?:-\s+)?(?:echo|printf|logger)\s[^>|&;]*$`)

	// helper is a container that is started to do something and be gone; serving is what such a one does not have.
	helper  = pattern.Lazy(`\s--rm(?:\s|=true|$)`)
	serving = pattern.Lazy(`\s(?:-[a-zA-Z]*[dpP]\S*|--detach|--publish|--publish-all|--restart|--net|--network)(?:[\s=]|$)|[^&]&\s*$`)
	kept    = pattern.Lazy(`ExecStart|nohup|setsid|screen|tmux|systemd-run`)
)

// search ends when it has seen enough: what is encoded can unfold to ever more.
type search struct{ left int }

// maxSearched is how much text is searched, in bytes.
const maxSearched = 16 << 20

// starts looks for what starts a container in one text, and in what is encoded in it.
func (s *search) starts(text string, depth int) (what string, found bool) {
	if s.left -= len(text); s.left < 0 || !readable(text) {
		return "", false
	}
	for _, line := range commands(text) {
		if what, found = startsLine(line.text); found {
			return fmt.Sprintf("`%s` in line %d", what, line.number), true
		}
	}
	if m := lists().FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("`%s %s`", m[1], m[2]), true
	}
	if depth == 0 {
		return "", false
	}
	for _, blob := range blobs().FindAllStringSubmatch(text, maxParts) {
		for _, packed := range []string{blob[1] + blob[2], blob[1]} {
			if what, found = s.starts(decodeBlob(packed), depth-1); found {
				return what + " of what is encoded there", true
			}
		}
	}
	return "", false
}

// decodeBlob undoes base64, and compression within; "" for what is neither.
func decodeBlob(blob string) string {
	packed := strings.TrimRight(strings.Join(strings.Fields(blob), ""), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return ""
	}
	if plain, ok := gunzip(string(decoded)); ok {
		return plain
	}
	return string(decoded)
}

// startsLine says what one command starts, if anything.
func startsLine(line string) (what string, found bool) {
	if spoken().MatchString(line) {
		return "", false
	}
	bare := strings.TrimRight(daemon().ReplaceAllString(flow.Replace(line), " "), " ")
	if m := engineRun().FindStringSubmatch(bare); m != nil && !passing(line, m[2], " "+m[3]) {
		return m[1] + " " + m[2], true
	}
	if m := engineMore().FindStringSubmatch(bare); m != nil {
		return m[1] + " " + ends(m[2]), true
	}
	for _, form := range []pattern.Func{compose, containerd} {
		if m := form().FindStringSubmatch(bare); m != nil {
			return ends(m[1]), true
		}
	}
	switch {
	case socket().MatchString(line):
		return "a request to Docker's socket", true
	case cluster().MatchString(line):
		return "the agent of ECS", true
	case quadlet().MatchString(line):
		return "a container unit of systemd", true
	}
	return "", false
}

// passing says whether a container does something and is gone: docker run --rm image command.
func passing(line, verb, arguments string) bool {
	return verb == "run" && helper().MatchString(arguments) && !serving().MatchString(arguments) && !kept().MatchString(line)
}

// ends are the first and the last word: all between them may be secret.
func ends(command string) string {
	words := strings.Fields(command)
	return words[0] + " " + words[len(words)-1]
}

// commandLine is one command, with the number of its first line.
type commandLine struct {
	text   string
	number int
}

// commands are the lines of a script with those joined that go on, and without comments.
func commands(text string) (all []commandLine) {
	var open *commandLine
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = uncomment(strings.TrimRight(line, "\r"))
		rest, goesOn := strings.CutSuffix(line, `\`)
		if open != nil {
			open.text += " " + strings.TrimSpace(rest)
		} else if strings.TrimSpace(rest) != "" {
			all = append(all, commandLine{rest, number})
			open = &all[len(all)-1]
		}
		if !goesOn {
			open = nil
		}
	}
	return all
}

// uncomment takes the comment off a line.
func uncomment(line string) string {
	var quote rune
	before := ' '
	for i, r := range line {
		switch {
		case quote == 0 && r == '#' && (before == ' ' || before == '\t'):
			return strings.TrimRight(line[:i], " \t")
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		}
		before = r
	}
	return line
}
