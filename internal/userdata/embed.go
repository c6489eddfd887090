package userdata

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"
)

// MaxSize is how many bytes of user data EC2 takes, before base64.
const MaxSize = 16 << 10

// mergeType has cloud-init add our file to the write_files of others. By default, the last list would replace them.
const mergeType = "list(append)+dict(recurse_list)+str()"

// Embed puts overlay, the text of a TOML file, into user data of any kind. Of what was there, only an overlay that an
// earlier Embed put there is replaced; all else stays, byte for byte, as a part beside ours. The result is as
// EC2 and cloud-init take it, before base64, and the same for the same input.
func Embed(userData, overlay string) (string, error) {
	ours := CloudConfig(overlay)
	plain := userData
	for range maxDepth {
		if text, ok := gunzip(plain); ok {
			plain = text
		} else if text, ok := undoBase64(plain); ok {
			plain = text
		}
	}
	_, isOurs := own(plain)
	switch {
	case strings.TrimSpace(plain) == "" || isOurs:
		return fit(ours)
	case !readable(plain):
		return "", fmt.Errorf("the user data is neither text nor compressed text")
	}
	m, ok := parseMessage(plain)
	switch {
	case !ok && isMessage(plain):
		return "", fmt.Errorf("the user data is a multipart that cannot be read")
	case !ok:
		m = message{parts: []rawPart{pack("text/plain", "user-data", plain)}} // cloud-init looks at how it begins
	}
	m.parts = slices.DeleteFunc(slices.Clone(m.parts), func(p rawPart) bool { _, ours := own(p.decoded()); return ours })
	part := pack("text/cloud-config", "bluegreen-agent.cfg", ours)
	part.header["Merge-Type"] = []string{mergeType}
	m.parts = append(m.parts, part) // last: a later cloud-config would replace what we write
	text, err := m.write()
	if err != nil {
		return "", err
	}
	return fit(text)
}

// pack makes a part of a text.
func pack(kind, name, text string) rawPart {
	header := map[string][]string{
		"Content-Type":              {kind + `; charset="utf-8"`},
		"Content-Transfer-Encoding": {"7bit"},
		"Content-Disposition":       {`attachment; filename="` + name + `"`},
	}
	if plainLines(text) {
		return rawPart{header, text}
	}
	header["Content-Transfer-Encoding"] = []string{"base64"}
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(encoded), 76) {
		b.Write(chunk)
		b.WriteByte('\n')
	}
	return rawPart{header, b.String()}
}

// plainLines says whether a text can stand in a message as it is.
func plainLines(text string) bool {
	for line := range strings.Lines(text) {
		if len(line) > 998 {
			return false
		}
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' && r != '\t' })
}

// write writes the message, with a boundary that is in none of its parts.
func (m message) write() (string, error) {
	sum := sha256.New()
	for _, p := range m.parts {
		fmt.Fprintf(sum, "%d:%s", len(p.body), p.body)
	}
	boundary := fmt.Sprintf("bluegreen-%x", sum.Sum(nil)[:16])

	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(m.header)) {
		if key == "Content-Type" || key == "Mime-Version" {
			continue
		}
		for _, value := range m.header[key] {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"%s\"\nMIME-Version: 1.0\n\n", boundary)
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		return "", fmt.Errorf("write the user data: %w", err)
	}
	for _, p := range m.parts {
		part, err := w.CreatePart(textproto.MIMEHeader(p.header))
		if err != nil {
			return "", fmt.Errorf("write the user data: %w", err)
		}
		if _, err := part.Write([]byte(p.body)); err != nil {
			return "", fmt.Errorf("write the user data: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("write the user data: %w", err)
	}
	return b.String(), nil
}

// fit compresses what is too large as it is.
func fit(text string) (string, error) {
	if len(text) <= MaxSize {
		return text, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		return "", fmt.Errorf("compress the user data: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("compress the user data: %w", err)
	}
	if b.Len() > MaxSize {
		return "", fmt.Errorf("the user data would have %d bytes, compressed; EC2 takes %d", b.Len(), MaxSize)
	}
	return b.String(), nil
}
