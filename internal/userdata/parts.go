package userdata

import (
	"fmt"
	"mime"
	"net/mail"
	"strings"
)

// boundary stands between parts; it is fixed, so that the same change gives the same text.
const boundary = "==bluegreen=="

// merging makes cloud-init add the files of a part to those of the parts before it, in place of replacing them.
const merging = "X-Merge-Type: list(append)+dict(no_replace,recurse_list)+str()\n"

// kinds are the types of parts by how their text begins, as cloud-init tells them apart.
var kinds = []struct{ begin, kind string }{
	{"#cloud-config-archive", "text/cloud-config-archive"},
	{"#cloud-config", "text/cloud-config"},
	{"#cloud-boothook", "text/cloud-boothook"},
	{"#include-once", "text/x-include-once-url"},
	{"#include", "text/x-include-url"},
	{"#part-handler", "text/part-handler"},
	{"#upstart-job", "text/upstart-job"},
	{"## template: jinja", "text/jinja2"},
	{"#!", "text/x-shellscript"},
}

// addPart puts a cloud-config beside user data that has something else to do.
func addPart(text, config string) (string, error) {
	added := part("text/cloud-config", merging, config)
	if isMIME(text) {
		return intoMIME(text, added)
	}
	for _, k := range kinds {
		if strings.HasPrefix(text, k.begin) {
			return "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\nMIME-Version: 1.0\n\n" +
				"--" + boundary + "\n" + part(k.kind, "", text) + "--" + boundary + "\n" + added + "--" + boundary + "--\n", nil
		}
	}
	return "", fmt.Errorf("the user data is nothing that cloud-init knows (it begins with %.20q): what it is for cannot be told", text)
}

func part(kind, header, content string) string {
	if !strings.HasSuffix(content, "\n") {
		content += "\n"
	}
	return "Content-Type: " + kind + "; charset=\"utf-8\"\nMIME-Version: 1.0\n" + header + "\n" + content
}

func isMIME(text string) bool {
	begin := strings.ToLower(text[:min(len(text), 512)])
	return strings.HasPrefix(begin, "content-type:") || strings.HasPrefix(begin, "mime-version:")
}

// intoMIME adds a part before the last boundary.
func intoMIME(text, added string) (string, error) {
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("read the MIME parts of the user data: %w", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return "", fmt.Errorf("read the MIME parts of the user data: it has no boundary between parts")
	}
	mark := "--" + params["boundary"]
	end := strings.LastIndex(text, mark+"--")
	if end < 0 {
		return "", fmt.Errorf("read the MIME parts of the user data: the last boundary %q is missing", mark+"--")
	}
	return text[:end] + mark + "\n" + added + text[end:], nil
}
