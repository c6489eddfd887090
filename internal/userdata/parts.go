package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// Bounds on what user data unfolds to. EC2 allows 16 KB of it, so that nothing honest comes near.
const (
	maxUnpacked = 1 << 20
	maxDepth    = 5
	maxParts    = 100
)

// part is one of the parts of user data, decoded.
type part struct {
	name string // for people; "" when it is all there is
	text string
}

// flatten unfolds user data as cloud-init does: base64 and compression are undone, and multiparts taken apart.
func flatten(userData string) []part {
	return unfold(part{text: userData}, 0)
}

func unfold(p part, depth int) []part {
	if depth > maxDepth {
		return []part{p}
	}
	if plain, ok := gunzip(p.text); ok {
		return unfold(part{p.name, plain}, depth+1)
	}
	if plain, ok := undoBase64(p.text); ok {
		return unfold(part{p.name, plain}, depth+1)
	}
	message, ok := parseMessage(p.text)
	if !ok {
		return []part{p}
	}
	var all []part
	for _, m := range message.parts {
		name := m.name()
		if p.name != "" {
			name = p.name + ", " + name
		}
		all = append(all, unfold(part{name, m.decoded()}, depth+1)...)
		if len(all) >= maxParts {
			break
		}
	}
	return all
}

const gzipMagic = "\x1f\x8b"

// gunzip undoes compression, if that is what it is.
func gunzip(text string) (plain string, ok bool) {
	if !strings.HasPrefix(text, gzipMagic) {
		return "", false
	}
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		return "", false
	}
	all, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
	return string(all), err == nil
}

// undoBase64 undoes what EC2's API wants user data to be wrapped in.
func undoBase64(text string) (plain string, ok bool) {
	packed := strings.Join(strings.Fields(text), "")
	if len(packed) < 4 || len(packed) > maxUnpacked {
		return "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return "", false
	}
	plain = string(decoded)
	return plain, strings.HasPrefix(plain, "#") || strings.HasPrefix(plain, gzipMagic) || isMessage(plain)
}

// message is a multipart.
type message struct {
	header mail.Header
	parts  []rawPart
}

type rawPart struct {
	header map[string][]string
	body   string // as it is transferred
}

// isMessage is how cloud-init tells a multipart.
func isMessage(text string) bool {
	return strings.Contains(strings.ToLower(text[:min(len(text), 4096)]), "mime-version:")
}

func parseMessage(text string) (message, bool) {
	if !isMessage(text) {
		return message{}, false
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return message{}, false
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return message{}, false
	}
	read := message{header: m.Header}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for len(read.parts) < maxParts {
		p, err := parts.NextRawPart()
		if err != nil {
			return read, errors.Is(err, io.EOF) && len(read.parts) > 0
		}
		body, err := io.ReadAll(io.LimitReader(p, maxUnpacked))
		if err != nil {
			return message{}, false
		}
		read.parts = append(read.parts, rawPart{p.Header, string(body)})
	}
	return message{}, false
}

// get is a field of the header.
func (r rawPart) get(key string) string {
	if values := r.header[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// name is what people know the part by.
func (r rawPart) name() string {
	if _, params, err := mime.ParseMediaType(r.get("Content-Disposition")); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	kind, _, _ := strings.Cut(r.get("Content-Type"), ";")
	if kind == "" {
		kind = "text/plain"
	}
	return "part " + kind
}

// decoded is the body without its transfer encoding, as far as it has one. A multipart within keeps its header.
func (r rawPart) decoded() string {
	var from io.Reader = strings.NewReader(r.body)
	switch strings.ToLower(strings.TrimSpace(r.get("Content-Transfer-Encoding"))) {
	case "base64":
		from = base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.Join(strings.Fields(r.body), "")))
	case "quoted-printable":
		from = quotedprintable.NewReader(from)
	}
	plain, err := io.ReadAll(io.LimitReader(from, maxUnpacked))
	if err != nil {
		plain = []byte(r.body)
	}
	if strings.HasPrefix(r.get("Content-Type"), "multipart/") {
		return "MIME-Version: 1.0\nContent-Type: " + r.get("Content-Type") + "\n\n" + string(plain)
	}
	return string(plain)
}

// readable says whether bytes are a text.
func readable(text string) bool {
	return utf8.ValidString(text) && !bytes.ContainsRune([]byte(text), 0)
}
