package machine

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const settings = `#cloud-config
# what a person writes
package_update: true
write_files:
  - path: /etc/bluegreen/agent.d/50-user-data.toml
    owner: root:root
    permissions: '0600'
    content: |
      app = "shop"

      [container]
      ports = ["8000:8000"]
  - path: "/etc/motd" # for people
    content: hello: world
  - encoding: b64
    path: /etc/secret
    content: aGVsbG8K
runcmd:
  - [systemctl, restart, rsyslog]
  - echo done
`

var settled = []file{
	{path: "/etc/bluegreen/agent.d/50-user-data.toml", mode: 0o600, content: "app = \"shop\"\n\n[container]\nports = [\"8000:8000\"]\n"},
	{path: "/etc/motd", content: "hello: world"},
	{path: "/etc/secret", content: "hello\n"},
}

var ran = []command{{args: []string{"systemctl", "restart", "rsyslog"}}, {line: "echo done"}}

var unexported = cmp.AllowUnexported(file{}, asked{}, command{}, script{})

func zipped(text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text)) // a buffer takes everything
	_ = w.Close()
	return packed.String()
}

func TestUserData(t *testing.T) {
	type result struct {
		Asked asked
		Err   string
	}
	parts := "Content-Type: multipart/mixed; boundary=\"B\"\nMIME-Version: 1.0\n\n" +
		"--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ndocker run shop\n" +
		"--B\nContent-Type: text/cloud-config; charset=\"utf-8\"\n\n" + settings + "--B--\n"
	for what, c := range map[string]struct {
		text string
		want result
	}{
		"nothing":         {"", result{}},
		"an empty config": {"#cloud-config\n{}\n", result{}},
		"a config":        {settings, result{Asked: asked{files: settled, run: ran, notes: []string{"package_update"}}}},
		"packed":          {zipped(settings), result{Asked: asked{files: settled, run: ran, notes: []string{"package_update"}}}},
		"CRLF":            {strings.ReplaceAll(settings, "\n", "\r\n"), result{Asked: asked{files: settled, run: ran, notes: []string{"package_update"}}}},
		"parts":           {parts, result{Asked: asked{files: settled, run: ran, scripts: []script{{"part-001", "#!/bin/sh\ndocker run shop"}}, notes: []string{"package_update"}}}},
		"something else":  {"#include\nhttp://example.com", result{Asked: asked{notes: []string{`what begins with "#include"`}}}},
		"parts with names": {
			"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Disposition: attachment; filename=\"set-up.sh\"\n" +
				"Content-Transfer-Encoding: base64\n\nIyEvYmluL3NoCmVjaG8K\n--B--\n",
			result{Asked: asked{scripts: []script{{"set-up.sh", "#!/bin/sh\necho\n"}}}},
		},
		"a second list of commands": {
			"Content-Type: multipart/mixed; boundary=B\n\n--B\n\n#cloud-config\nruncmd: [a]\n--B\n\n#cloud-config\nruncmd: [b]\n--B--\n",
			result{Err: "the user data has a second runcmd"},
		},
		"a script":         {"#!/bin/bash\ndocker run x", result{Asked: asked{scripts: []script{{"part-001", "#!/bin/bash\ndocker run x"}}}}},
		"items not deeper": {"#cloud-config\nwrite_files:\n- path: /a\n  content: |-\n    x\n     y\n\nother: [1]\n", result{Asked: asked{files: []file{{path: "/a", content: "x\n y"}}, notes: []string{"other"}}}},
		"a last line that stays open": {
			"#cloud-config\nwrite_files:\n- path: /a\n  content: |+\n    x\n\n", result{Asked: asked{files: []file{{path: "/a", content: "x\n\n"}}}},
		},

		"another owner":      {"#cloud-config\nwrite_files:\n- path: /a\n  owner: app:app\n", result{Err: `write_files: /a: the owner "app:app" is not root`}},
		"a relative path":    {"#cloud-config\nwrite_files:\n- path: a\n", result{Err: `write_files: path "a" is not absolute`}},
		"folded text":        {"#cloud-config\nwrite_files:\n- path: /a\n  content: >\n    x\n", result{Err: `line 4 of the cloud-config: the value ">" is not understood here`}},
		"flow style":         {"#cloud-config\nwrite_files: [{path: /a}]\n", result{Err: `line 2 of the cloud-config: the value "[{path: /a}]" is not understood here`}},
		"no permissions":     {"#cloud-config\nwrite_files:\n- path: /a\n  permissions: rw\n", result{Err: `write_files: /a: permissions "rw" are no octal number`}},
		"no key":             {"#cloud-config\nwrite_files:\n- /a\n", result{Err: `write_files: path "" is not absolute`}},
		"no such encoding":   {"#cloud-config\nwrite_files:\n- path: /a\n  encoding: gz+b64\n", result{Err: `write_files: /a: encoding "gz+b64" is not known here`}},
		"to be appended":     {"#cloud-config\nwrite_files:\n- path: /a\n  append: true\n", result{Err: `write_files: /a: append is not possible here`}},
		"an escape":          {"#cloud-config\nwrite_files:\n- path: \"/\\u0061\\n\"\n", result{Asked: asked{files: []file{{path: "/a\n"}}}}},
		"no such escape":     {"#cloud-config\nwrite_files:\n- path: \"/a\\e\"\n", result{Err: `line 3 of the cloud-config: the value "\"/a\\e\"" is not understood here`}},
		"one part only":      {"Content-Type: text/plain\n\nhello\n", result{Err: `read the parts of the user data: it is "text/plain", not multipart`}},
		"gzip that is none":  {"\x1f\x8bnot", result{Err: "unpack the user data: unexpected EOF"}},
		"half a part":        {"Content-Type: multipart/mixed; boundary=B\n\n--B\nA: b\n\nx", result{Err: "read the parts of the user data: unexpected EOF"}},
		"a line that is odd": {"#cloud-config\n- a\n", result{Err: `line 2 of the cloud-config: "- a" is not understood here`}},
	} {
		t.Run(what, func(t *testing.T) {
			wanted, err := readUserData(c.text)
			got := result{Asked: wanted}
			if err != nil {
				got.Err = err.Error()
			}
			if diff := cmp.Diff(c.want, got, unexported); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzUserData(f *testing.F) {
	f.Add(settings)
	f.Add("#cloud-config\nwrite_files:\n- path: /a\n  content: |\n\n  x")
	f.Add("#cloud-config\nbootcmd: [a, [b, 'c']]\nruncmd:\n- - x\n  - \"y\"\n- |\n  z\n- ")
	f.Fuzz(func(t *testing.T, text string) {
		wanted, err := readUserData(text)
		if err != nil && !cmp.Equal(wanted, asked{}, unexported) {
			t.Errorf("beside an error: %v", wanted)
		}
		for _, file := range wanted.files {
			if !strings.HasPrefix(file.path, "/") {
				t.Errorf("a relative path: %q", file.path)
			}
		}
	})
}
