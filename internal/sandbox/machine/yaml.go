package machine

import (
	"fmt"
	"strings"
)

// lines is a text in the simplest YAML: keys with scalars, and items of a list. What it does not understand is an error,
// never a guess.
type lines struct {
	all []string
	at  int
}

// item is one of a list: scalars by key.
type item map[string]string

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// blank are lines that say nothing between entries.
func blank(line string) bool {
	text := strings.TrimSpace(line)
	return text == "" || text == "---" || strings.HasPrefix(text, "#")
}

// peek is the next line that says something.
func (l *lines) peek() (line string, ok bool) {
	for l.at < len(l.all) && blank(l.all[l.at]) {
		l.at++
	}
	if l.at == len(l.all) {
		return "", false
	}
	return l.all[l.at], true
}

func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d of the cloud-config: %s", l.at+1, fmt.Sprintf(format, args...))
}

// end says what is left that nobody understood.
func (l *lines) end() error {
	line, more := l.peek()
	if !more {
		return nil
	}
	if text := strings.TrimSpace(line); text == "{}" {
		return nil
	}
	return l.errorf("%.40q is not understood here", line)
}

// skip passes over what is deeper than an entry, and over a list at its own depth.
func (l *lines) skip(depth int) {
	for {
		line, ok := l.peek()
		if !ok || indent(line) < depth || indent(line) == depth && !strings.HasPrefix(line[depth:], "- ") {
			return
		}
		l.at++
	}
}

// entry reads "key: value" at a depth; ok is false where there is none.
func (l *lines) entry(depth int) (key, value string, ok bool, err error) {
	line, more := l.peek()
	if !more || indent(line) != depth || strings.HasPrefix(line[depth:], "- ") {
		return "", "", false, nil
	}
	key, rest, found := strings.Cut(strings.TrimSpace(line), ":")
	if !found || rest != "" && rest[0] != ' ' || key == "" || strings.ContainsAny(key, " \"'[]{}") {
		return "", "", false, nil
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "|") {
		value, err = l.block(rest, depth)
		return key, value, true, err
	}
	value, err = l.scalar(rest)
	l.at++
	return key, value, true, err
}

// scalar reads what stands behind a colon.
func (l *lines) scalar(text string) (string, error) {
	switch {
	case text == "":
		return "", nil
	case text[0] == '\'', text[0] == '"':
		inner, rest, ok := quoted(text)
		if ok && (rest == "" || strings.HasPrefix(rest, " #")) {
			return inner, nil
		}
	case text[0] == '[': // a list, in which a hash may stand
		return text, nil
	case strings.ContainsRune(">&*!%@`", rune(text[0])):
	default:
		plain, _, _ := strings.Cut(text, " #")
		return strings.TrimSpace(plain), nil
	}
	return "", l.errorf("the value %.40q is not understood here", text)
}

// block reads text that is deeper than its key, as it stands.
func (l *lines) block(mark string, depth int) (string, error) {
	if mark != "|" && mark != "|-" && mark != "|+" {
		return "", l.errorf("the block %q is not understood here", mark)
	}
	l.at++
	var text []string
	inner := -1
	for ; l.at < len(l.all); l.at++ {
		line := l.all[l.at]
		if strings.TrimSpace(line) == "" {
			text = append(text, "")
			continue
		}
		if inner < 0 {
			inner = indent(line)
		}
		if indent(line) <= depth || inner <= depth {
			break
		}
		if indent(line) < inner {
			return "", l.errorf("%.40q stands less deep than the line where the block begins", line)
		}
		text = append(text, line[inner:])
	}
	out := strings.Join(text, "\n")
	if mark == "|+" {
		return out + "\n", nil
	}
	out = strings.TrimRight(out, "\n")
	if mark == "|" && out != "" {
		out += "\n"
	}
	return out, nil
}

// files reads the items of write_files.
func (l *lines) files() (files []file, err error) {
	depth := -1
	for {
		line, ok := l.peek()
		if !ok || !strings.HasPrefix(strings.TrimLeft(line, " "), "- ") || depth >= 0 && indent(line) != depth {
			return files, nil
		}
		depth = indent(line)
		// The dash is as good as a space: the first key stands as deep as those below it.
		l.all[l.at] = strings.Replace(line, "-", " ", 1)
		found, err := l.item(indent(l.all[l.at]))
		if err != nil {
			return nil, err
		}
		f, err := found.apply()
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
}

func (l *lines) item(depth int) (item, error) {
	found := item{}
	for {
		key, value, ok, err := l.entry(depth)
		if err != nil {
			return nil, err
		}
		if !ok {
			return found, nil
		}
		found[key] = value
	}
}
