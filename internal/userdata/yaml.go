package userdata

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// YAML has more ways to say a thing than anybody uses for write_files. This reads the usual ones, and what it does not
// understand it leaves out, for its caller to notice.

// fileEntry is an entry of write_files.
type fileEntry map[string]string

// content is what the file is to have in it.
func (e fileEntry) content() (string, error) {
	text, ok := e["content"]
	if !ok {
		return "", fmt.Errorf("the content of %s is written in a way that is not understood; use a block that begins with |", e["path"])
	}
	if e["append"] != "" && e["append"] != "false" {
		return "", fmt.Errorf("%s is appended to, so that not all of it is known", e["path"])
	}
	switch encoding := strings.ToLower(e["encoding"]); encoding {
	case "", "text/plain":
		return text, nil
	case "b64", "base64":
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return "", fmt.Errorf("the content of %s: %w", e["path"], err)
		}
		return string(plain), nil
	case "gz+b64", "gzip+b64", "gz+base64", "gzip+base64":
		packed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return "", fmt.Errorf("the content of %s: %w", e["path"], err)
		}
		plain, ok := gunzip(string(packed))
		if !ok {
			return "", fmt.Errorf("the content of %s is not compressed as it says", e["path"])
		}
		return plain, nil
	default:
		return "", fmt.Errorf("the content of %s has the encoding %q, which is not understood", e["path"], encoding)
	}
}

// writeFiles are the entries of write_files in a cloud-config.
func writeFiles(text string) (entries []fileEntry) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if key, rest, ok := keyOf(lines[i]); !ok || key != "write_files" || rest != "" || indentOf(lines[i]) != 0 {
			continue
		}
		for i++; i < len(lines) && !endsList(lines[i]); {
			if !strings.HasPrefix(strings.TrimLeft(lines[i], " "), "- ") {
				i++ // nothing, or a comment
				continue
			}
			var entry fileEntry
			entry, i = readEntry(lines, i)
			entries = append(entries, entry)
		}
		i--
	}
	return entries
}

// endsList says whether a line is the next key of the cloud-config.
func endsList(line string) bool {
	return line != "" && line[0] != ' ' && line[0] != '#' && line[0] != '-' && line[0] != '\r'
}

// readEntry reads the entry that begins in line i, and says in which line it is over.
func readEntry(lines []string, i int) (fileEntry, int) {
	entry := fileEntry{}
	keys := indentOf(lines[i]) + 2 // where its keys begin, with blanks in place of the dash
	for keys < len(lines[i]) && lines[i][keys] == ' ' {
		keys++
	}
	first := strings.Repeat(" ", keys) + lines[i][min(keys, len(lines[i])):]
	for line := first; ; line = lines[i] {
		key, value, ok := keyOf(line)
		i++
		if ok && indentOf(line) == keys {
			if style, is := blockStyle(value); is {
				entry[key], i = readBlock(lines, i, keys, style)
			} else if text, is := scalar(value); is {
				entry[key] = text
			}
		}
		for i < len(lines) && (strings.TrimSpace(lines[i]) == "" || strings.HasPrefix(strings.TrimSpace(lines[i]), "#")) {
			i++
		}
		if i >= len(lines) || indentOf(lines[i]) < keys {
			return entry, i
		}
	}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// keyOf splits "key: value".
func keyOf(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(strings.TrimSpace(line), ":")
	if !ok || value != "" && value[0] != ' ' || strings.ContainsAny(key, " #[{") {
		return "", "", false
	}
	return strings.Trim(key, `"'`), strings.TrimSpace(value), true
}

// block is how a block is written: "|", "|-", "|+" and so on.
type block struct {
	chomp  byte // '-', '+', or 0
	indent int  // beyond that of its key; 0 to find out
}

func blockStyle(value string) (style block, ok bool) {
	value, _, _ = strings.Cut(value, " #")
	rest, ok := strings.CutPrefix(strings.TrimSpace(value), "|")
	for _, c := range []byte(rest) {
		switch {
		case c == '-' || c == '+':
			style.chomp = c
		case '1' <= c && c <= '9':
			style.indent = int(c - '0')
		default:
			return block{}, false
		}
	}
	return style, ok
}

// readBlock reads the block below a key, from line i on.
func readBlock(lines []string, i, key int, style block) (string, int) {
	deep := key + style.indent
	var text []string
	for ; i < len(lines); i++ {
		if strings.TrimLeft(lines[i], " ") == "" {
			text = append(text, strings.TrimPrefix(lines[i], strings.Repeat(" ", min(deep, len(lines[i])))))
			continue
		}
		if deep == key {
			deep = max(indentOf(lines[i]), key+1)
		}
		if indentOf(lines[i]) < deep {
			break
		}
		text = append(text, lines[i][deep:])
	}
	whole := strings.Join(text, "\n")
	if i < len(lines) {
		whole += "\n"
	}
	switch body := strings.TrimRight(whole, "\n"); {
	case style.chomp == '+':
		return whole, i
	case style.chomp == '-' || body == "":
		return body, i
	default:
		return body + "\n", i
	}
}

// scalar reads a value on one line.
func scalar(value string) (string, bool) {
	switch {
	case value == "" || strings.ContainsRune("[{&*!>|%@`", rune(value[0])):
		return "", false
	case value[0] == '\'':
		end := strings.LastIndexByte(value, '\'')
		if end == 0 {
			return "", false
		}
		return strings.ReplaceAll(value[1:end], "''", "'"), true
	case value[0] == '"':
		end := strings.LastIndexByte(value, '"')
		text, err := strconv.Unquote(value[:end+1]) // close enough to YAML's own escapes, and refused where it is not
		return text, err == nil
	}
	value, _, _ = strings.Cut(value, " #")
	return strings.TrimSpace(value), true
}
