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

// What an instance makes of its user data is a small part of what cloud-init does: the write_files of cloud-configs, alone
// or in MIME parts, packed with gzip or not. It is applied before the instance boots. Of a file it knows path, content,
// encoding (base64), permissions and append; all belongs to root. Everything else is passed over, and said so: scripts are
// not run, and neither are commands.

// maxUserData bounds what user data may unpack to, in bytes.
const maxUserData = 1 << 20

// written are the files that user data asks for, and what else it asks for, which is not done.
func written(userData string) (files []file, notes []string, err error) {
	if strings.HasPrefix(userData, "\x1f\x8b") {
		if userData, err = unzip(strings.NewReader(userData)); err != nil {
			return nil, nil, fmt.Errorf("unpack the user data: %w", err)
		}
	}
	switch begin := strings.ToLower(userData[:min(len(userData), 64)]); {
	case strings.TrimSpace(userData) == "":
		return nil, nil, nil
	case strings.HasPrefix(begin, "content-type:"), strings.HasPrefix(begin, "mime-version:"):
		return parts(userData)
	}
	return single(userData)
}

func unzip(packed io.Reader) (string, error) {
	reader, err := gzip.NewReader(packed)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxUserData))
	return string(text), err
}

func single(text string) (files []file, notes []string, err error) {
	first, _, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(first) == "#cloud-config" {
		return cloudConfig(text)
	}
	return nil, []string{fmt.Sprintf("what begins with %.40q", first)}, nil
}

// parts goes through the parts of a message. Files of later parts come after those of earlier ones.
func parts(text string) (files []file, notes []string, err error) {
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return nil, nil, fmt.Errorf("read the parts of the user data: %w", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return nil, nil, fmt.Errorf("read the parts of the user data: it is %q, not multipart", kind)
	}
	for reader := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return files, notes, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the parts of the user data: %w", err)
		}
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		content, err := io.ReadAll(io.LimitReader(body, maxUserData))
		if err != nil {
			return nil, nil, fmt.Errorf("read the parts of the user data: %w", err)
		}
		more, said, err := single(string(bytes.TrimLeft(content, "\r\n")))
		if err != nil {
			return nil, nil, err
		}
		files, notes = append(files, more...), append(notes, said...)
	}
}

// cloudConfig reads the part of YAML in which people write write_files.
func cloudConfig(text string) (files []file, notes []string, err error) {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	lines := &lines{all: strings.Split(text, "\n")}
	for {
		key, value, ok, err := lines.entry(0)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			if err := lines.end(); err != nil {
				return nil, nil, err
			}
			return files, notes, nil
		}
		switch {
		case key == "write_files" && value == "":
			if files, err = lines.files(); err != nil {
				return nil, nil, err
			}
		case key == "write_files" && value != "[]":
			lines.at--
			return nil, nil, lines.errorf("the value %.40q is not understood here", value)
		default:
			notes = append(notes, key)
			lines.skip(0)
		}
	}
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
