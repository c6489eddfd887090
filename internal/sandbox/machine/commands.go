package machine

import (
	"encoding/json"
	"strings"
)

// command is one of bootcmd or runcmd: a line for a shell, or a program with its arguments.
type command struct {
	line string
	args []string
}

// shell is a script of commands, which goes on where one fails.
func shell(commands []command) string {
	var text strings.Builder
	text.WriteString("#!/bin/sh\n")
	for _, c := range commands {
		line := c.line
		if c.args != nil {
			var quoted []string
			for _, arg := range c.args {
				quoted = append(quoted, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
			}
			line = strings.Join(quoted, " ")
		}
		text.WriteString(strings.TrimSuffix(line, "\n") + "\n")
	}
	return text.String()
}

// commands reads a list of them, which stands behind its key or below it.
func (l *lines) commands(value string) ([]command, error) {
	if value != "" {
		l.at-- // for errors: the line that the value is on
		list, err := l.flow(value)
		l.at++
		return list, err
	}
	all := []command{}
	depth := -1
	for {
		line, ok := l.peek()
		if !ok || !strings.HasPrefix(strings.TrimLeft(line, " "), "- ") || depth >= 0 && indent(line) != depth {
			return all, nil
		}
		depth = indent(line)
		c, err := l.command(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
}

// command reads one item of a list, at the line that begins it.
func (l *lines) command(depth int) (command, error) {
	text := strings.TrimSpace(l.all[l.at][depth+1:])
	switch {
	case strings.HasPrefix(text, "|"):
		block, err := l.block(text, depth)
		return command{line: block}, err
	case strings.HasPrefix(text, "- "):
		l.all[l.at] = strings.Replace(l.all[l.at], "-", " ", 1)
		args, err := l.arguments(indent(l.all[l.at]))
		return command{args: args}, err
	case strings.HasPrefix(text, "["):
		list, err := l.flow(text)
		var c command
		for _, arg := range list {
			if arg.args != nil {
				return command{}, l.errorf("a list in a list in a list is not understood here")
			}
			c.args = append(c.args, arg.line)
		}
		l.at++
		return c, err
	}
	line, err := l.word(text)
	l.at++
	return command{line: line}, err
}

// arguments reads a list of scalars, one on a line.
func (l *lines) arguments(depth int) (args []string, err error) {
	for {
		line, ok := l.peek()
		if !ok || indent(line) != depth || !strings.HasPrefix(line[depth:], "- ") {
			return args, nil
		}
		arg, err := l.word(strings.TrimSpace(line[depth+1:]))
		if err != nil {
			return nil, err
		}
		l.at++
		args = append(args, arg)
	}
}

// word is a scalar in a list. What is a mapping to YAML is none.
func (l *lines) word(text string) (string, error) {
	plain := text == "" || text[0] != '"' && text[0] != '\''
	if plain && (text == "" || strings.Contains(text, ": ") || strings.HasSuffix(text, ":") || strings.ContainsAny(text[:1], "[]{},|?")) {
		return "", l.errorf("%.40q is no scalar: quote it", text)
	}
	return l.scalar(text)
}

// flow reads a list in brackets, on one line, of scalars and of lists of them.
func (l *lines) flow(text string) ([]command, error) {
	all := []command{}
	rest, ok := strings.CutPrefix(text, "[")
	for ok {
		rest = strings.TrimLeft(rest, " ")
		if after, closed := strings.CutPrefix(rest, "]"); closed {
			if after = strings.TrimSpace(after); after == "" || after[0] == '#' {
				return all, nil
			}
			break
		}
		var c command
		if c, rest, ok = element(rest); ok {
			all = append(all, c)
			rest, ok = next(rest)
		}
	}
	return nil, l.errorf("the list %.60q is not understood here", text)
}

// element reads what stands before a comma or a bracket.
func element(text string) (c command, rest string, ok bool) {
	inner, nested := strings.CutPrefix(text, "[")
	if !nested {
		c.line, rest, ok = flowScalar(text)
		return c, rest, ok
	}
	c.args = []string{}
	for {
		inner = strings.TrimLeft(inner, " ")
		if after, closed := strings.CutPrefix(inner, "]"); closed {
			return c, after, true
		}
		var arg string
		if arg, inner, ok = flowScalar(inner); !ok {
			return c, "", false
		}
		c.args = append(c.args, arg)
		if inner, ok = next(inner); !ok {
			return c, "", false
		}
	}
}

// next passes over the comma behind an element; before a bracket there need not be one.
func next(text string) (rest string, ok bool) {
	text = strings.TrimLeft(text, " ")
	if after, comma := strings.CutPrefix(text, ","); comma {
		return after, true
	}
	return text, strings.HasPrefix(text, "]")
}

func flowScalar(text string) (value, rest string, ok bool) {
	if text == "" {
		return "", "", false
	}
	if text[0] == '\'' || text[0] == '"' {
		return quoted(text)
	}
	end := strings.IndexAny(text, ",]")
	if end < 0 {
		return "", "", false
	}
	value = strings.TrimSpace(text[:end])
	if value == "" || strings.ContainsAny(value[:1], "{}[&*!|>%@`?-") && value != "-" && !isOption(value) || strings.Contains(value, ": ") || strings.Contains(value, " #") {
		return "", "", false
	}
	return value, text[end:], true
}

// isOption tells "-c" from the beginning of a list.
func isOption(value string) bool { return value[0] == '-' && len(value) > 1 && value[1] != ' ' }

// quoted reads a scalar in quotes, of one kind or the other, and what stands behind it.
func quoted(text string) (value, rest string, ok bool) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] != quote:
		case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++ // two of them stand for one
		case quote == '\'':
			return strings.ReplaceAll(text[1:i], "''", "'"), text[i+1:], true
		default:
			err := json.Unmarshal([]byte(text[:i+1]), &value) // whose escapes are most of YAML's
			return value, text[i+1:], err == nil
		}
	}
	return "", "", false
}
