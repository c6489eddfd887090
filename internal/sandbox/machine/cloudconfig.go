package machine

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strconv"
	"strings"
)

// What an instance makes of its user data is a part of what cloud-init does: of cloud-configs, alone or in MIME parts, packed
// with gzip or not, it is write_files, bootcmd and runcmd; and scripts. Files are put on the disk before the instance boots
// first. Of a file it knows path, content, encoding (base64), permissions and append; all belongs to root. Everything else
// is passed over, and said so.

// maxUserData bounds what user data may unpack to, in bytes.
const maxUserData = 1 << 20

// asked is what user data asks for.
type asked struct {
	files   []file
	boot    []command // to be run early at each boot
	run     []command // to be run once, late
	scripts []script  // to be run once, before run
	notes   []string  // what else it asks for, which is not done
}

// script is a program in the user data.
type script struct{ name, content string }

// readUserData finds out what user data asks for.
func readUserData(text string) (a asked, err error) {
	if strings.HasPrefix(text, "\x1f\x8b") {
		if text, err = unzip(strings.NewReader(text)); err != nil {
			return asked{}, fmt.Errorf("unpack the user data: %w", err)
		}
	}
	switch begin := strings.ToLower(text[:min(len(text), 64)]); {
	case strings.TrimSpace(text) == "":
		return asked{}, nil
	case strings.HasPrefix(begin, "content-type:"), strings.HasPrefix(begin, "mime-version:"):
		err = a.readParts(text)
	default:
		err = a.read(text, "part-001")
	}
	if err != nil {
		return asked{}, err
	}
	return a, nil
}

func unzip(packed io.Reader) (string, error) {
	reader, err := gzip.NewReader(packed)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxUserData))
	return string(text), err
}

// read takes one thing, which has a name.
func (a *asked) read(text, name string) error {
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.TrimSpace(first) == "#cloud-config":
		return a.readConfig(text)
	case strings.HasPrefix(first, "#!"):
		a.scripts = append(a.scripts, script{name, text})
	default:
		a.notes = append(a.notes, fmt.Sprintf("what begins with %.40q", first))
	}
	return nil
}

// readParts goes through the parts of a message. Files of later parts come after those of earlier ones.
func (a *asked) readParts(text string) error {
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("read the parts of the user data: %w", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return fmt.Errorf("read the parts of the user data: it is %q, not multipart", kind)
	}
	reader := multipart.NewReader(message.Body, params["boundary"])
	for number := 1; ; number++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the parts of the user data: %w", err)
		}
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		content, err := io.ReadAll(io.LimitReader(body, maxUserData))
		if err != nil {
			return fmt.Errorf("read the parts of the user data: %w", err)
		}
		name := part.FileName()
		if name == "" {
			name = fmt.Sprintf("part-%03d", number)
		}
		if err := a.read(string(bytes.TrimLeft(content, "\r\n")), name); err != nil {
			return err
		}
	}
}

// readConfig reads the part of YAML in which people write such configs.
func (a *asked) readConfig(text string) error {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	lines := &lines{all: strings.Split(text, "\n")}
	for {
		key, value, ok, err := lines.entry(0)
		if err != nil {
			return err
		}
		if !ok {
			return lines.end()
		}
		if err := a.readEntry(lines, key, value); err != nil {
			return err
		}
	}
}

func (a *asked) readEntry(lines *lines, key, value string) (err error) {
	switch key {
	case "write_files":
		if value == "[]" {
			return nil
		}
		if value != "" {
			lines.at--
			return lines.errorf("the value %.40q is not understood here", value)
		}
		files, err := lines.files()
		a.files = append(a.files, files...)
		return err
	case "bootcmd", "runcmd":
		to := &a.run
		if key == "bootcmd" {
			to = &a.boot
		}
		if *to != nil { // cloud-init has rules for that
			return fmt.Errorf("the user data has a second %s", key)
		}
		*to, err = lines.commands(value)
		return err
	}
	a.notes = append(a.notes, key)
	lines.skip(0)
	return nil
}

// apply makes a file of the entries of one item.
func (i item) apply() (file, error) {
	f := file{path: i["path"], content: i["content"]}
	if !strings.HasPrefix(f.path, "/") {
		return f, fmt.Errorf("write_files: path %q is not absolute", f.path)
	}
	if i["permissions"] != "" {
		mode, err := strconv.ParseInt(strings.TrimPrefix(i["permissions"], "0o"), 8, 32)
		if err != nil {
			return f, fmt.Errorf("write_files: %s: permissions %q are no octal number", f.path, i["permissions"])
		}
		f.mode = mode
	}
	if owner := i["owner"]; owner != "" && owner != "root" && owner != "root:root" {
		return f, fmt.Errorf("write_files: %s: the owner %q is not root", f.path, owner)
	}
	if i["append"] == "true" {
		return f, fmt.Errorf("write_files: %s: append is not possible here", f.path)
	}
	switch i["encoding"] {
	case "", "text/plain":
	case "b64", "base64":
		content, err := base64.StdEncoding.DecodeString(strings.TrimSpace(f.content))
		if err != nil {
			return f, fmt.Errorf("write_files: %s: %w", f.path, err)
		}
		f.content = string(content)
	default:
		return f, fmt.Errorf("write_files: %s: encoding %q is not known here", f.path, i["encoding"])
	}
	return f, nil
}
