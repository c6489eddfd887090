// Package userdata reads and changes what EC2 instances get at their first boot: a script, a cloud-config, or several parts in
// MIME. The agent's settings travel in it as a file of a cloud-config, because cloud-init warns about anything that it does
// not know.
package userdata

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// File is where an instance finds the settings that its user data carries. They override those of the machine image.
const File = "/etc/bluegreen/agent.d/50-user-data.toml"

// maxSize is how many bytes of plain text EC2 takes.
const maxSize = 16 << 10

// setting finds the agent's image in TOML that is indented within YAML.
var setting = regexp.MustCompile(`(?m)^([ \t]*image[ \t]*=[ \t]*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*')`)

// Image is the container image that user data tells the agent to run; ok is false if it does not say.
func Image(text string) (image string, ok bool) {
	text, err := plain(text)
	if err != nil {
		return "", false
	}
	at := strings.Index(text, "/etc/bluegreen/")
	if at < 0 {
		return "", false
	}
	found := setting.FindStringSubmatch(text[at:])
	if found == nil {
		return "", false
	}
	image, err = strconv.Unquote(found[2])
	if err != nil {
		image = strings.Trim(found[2], "'\"")
	}
	return image, true
}

// WithImage is user data that tells the agent to run an image, and does all else that it did before. Without an image it
// leaves that to the settings of the machine image.
func WithImage(text, image string) (string, error) {
	text, err := plain(text)
	if err != nil {
		return "", err
	}
	out := text
	switch _, says := Image(text); {
	case strings.TrimSpace(text) == "" && image == "":
		out = header + "{}\n"
	case strings.TrimSpace(text) == "":
		out = cloudConfig(image)
	case image == "":
	case says:
		at := strings.Index(text, "/etc/bluegreen/")
		first := true
		out = text[:at] + setting.ReplaceAllStringFunc(text[at:], func(line string) string {
			if !first {
				return line
			}
			first = false
			return setting.FindStringSubmatch(line)[1] + strconv.Quote(image)
		})
	default:
		out, err = addPart(text, cloudConfig(image))
	}
	if err != nil {
		return "", err
	}
	if len(out) > maxSize {
		return "", fmt.Errorf("the user data would have %d bytes, and EC2 takes %d", len(out), maxSize)
	}
	return out, nil
}

const header = "#cloud-config\n"

// cloudConfig carries an image to the agent.
func cloudConfig(image string) string {
	return header +
		"write_files:\n" +
		"  - path: " + File + "\n" +
		"    owner: root:root\n" +
		"    permissions: '0600'\n" +
		"    content: |\n" +
		"      image = " + strconv.Quote(image) + "\n"
}

// plain is user data as a person would write it.
func plain(text string) (string, error) {
	if !strings.HasPrefix(text, "\x1f\x8b") {
		return text, nil
	}
	unzip, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("unpack the user data: %w", err)
	}
	var out bytes.Buffer
	if _, err := io.Copy(&out, io.LimitReader(unzip, 64*maxSize)); err != nil {
		return "", fmt.Errorf("unpack the user data: %w", err)
	}
	return out.String(), nil
}
