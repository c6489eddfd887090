// Package userdata is how the agent's settings get onto an instance: a cloud-config that writes one file of agent.d. It
// puts them into user data of any kind without harm to what else is there, finds them again, and recognises user data that
// starts a container by itself, which must not come together with an agent.
package userdata

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// File is what the cloud-config writes.
const File = "/etc/bluegreen/agent.d/50-user-data.toml"

const (
	head = "#cloud-config\n" +
		"# What bluegreen-agent is to run here. Raw TOML in user data would make cloud-init complain.\n" +
		"write_files:\n" +
		"  - path: " + File + "\n" +
		"    owner: root:root\n" +
		"    permissions: '0600'\n"
	literalHead = head + "    content: |\n"
	encodedHead = head + "    encoding: b64\n    content: '"
	indent      = "      "
)

// CloudConfig is user data that has the agent read overlay, the text of a TOML file. What is no such text is carried
// unharmed.
func CloudConfig(overlay string) string {
	if !literal(overlay) {
		return encodedHead + base64.StdEncoding.EncodeToString([]byte(overlay)) + "'\n"
	}
	var b strings.Builder
	b.WriteString(literalHead)
	for line := range strings.Lines(overlay) {
		if line != "\n" {
			b.WriteString(indent)
		}
		b.WriteString(line)
	}
	return b.String()
}

// literal says whether a text can stand in YAML as it is, and comes out the same: it ends in one newline, does not begin
// with blanks, which would be taken for more indentation, and has no character that some version of YAML takes for a line
// break or refuses.
func literal(text string) bool {
	if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.Trim(text[:1], " \t\n") == "" || !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		switch {
		case r == '\n' || r == '\t' || ' ' <= r && r <= '~':
			return false
		case r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff':
			return true
		}
		return r < 0xa0
	})
}

// own is the inverse of CloudConfig.
func own(cloudConfig string) (overlay string, ok bool) {
	if encoded, is := strings.CutPrefix(cloudConfig, encodedHead); is {
		text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(encoded, "'\n"))
		overlay = string(text)
		return overlay, err == nil && CloudConfig(overlay) == cloudConfig
	}
	block, is := strings.CutPrefix(cloudConfig, literalHead)
	if !is {
		return "", false
	}
	var b strings.Builder
	for line := range strings.Lines(block) {
		b.WriteString(strings.TrimPrefix(line, indent))
	}
	return b.String(), CloudConfig(b.String()) == cloudConfig
}

// FromCloudConfig finds the agent's settings in user data: in a cloud-config of ours or of somebody else's, alone or as a
// part of several, compressed or not. Without any, it gives "". Settings that are there and cannot be read are an error:
// to put others beside them would lose them.
func FromCloudConfig(userData string) (overlay string, err error) {
	for _, part := range flatten(userData) {
		found, ok, err := fromPart(part.text)
		if err != nil {
			return "", err
		}
		if ok {
			overlay = found // the last one is what is there in the end
		}
	}
	return overlay, nil
}

func fromPart(text string) (overlay string, found bool, err error) {
	if overlay, ok := own(text); ok {
		return overlay, true, nil
	}
	if !strings.Contains(text, File) {
		return "", false, nil
	}
	if !strings.HasPrefix(text, "#cloud-config\n") {
		return "", false, fmt.Errorf("the user data writes %s in a way that cannot be read; have it written by write_files in a cloud-config", File)
	}
	for _, entry := range writeFiles(text) {
		if entry["path"] != File {
			continue
		}
		if overlay, err = entry.content(); err != nil {
			return "", false, fmt.Errorf("read the settings in the user data: %w", err)
		}
		found = true
	}
	if !found {
		return "", false, fmt.Errorf("the user data names %s in a way that cannot be read; write it with path and content on lines of their own", File)
	}
	return overlay, true, nil
}
