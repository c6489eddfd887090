package userdata

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStartsContainer(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"#!/bin/bash\napt-get update\napt-get install -y docker.io\n":                                              "",
		"#!/bin/bash\n# docker run would go here\necho docker\n":                                                   "",
		"#!/bin/bash\nset -e\ndocker run -d -p 80:80 shop\n":                                                       "line 3: docker run",
		"#!/bin/bash\naws ecr get-login-password | docker login -u AWS --password-stdin r\ndocker pull r/shop\n":   "",
		"#!/bin/bash\nsudo /usr/bin/docker container run -d shop":                                                  "line 2: docker container run",
		"#!/bin/bash\ndocker --log-level info run shop\n":                                                          "line 2: docker --log-level info run",
		"#!/bin/bash\ndocker \\\n  run \\\n  -d shop\n":                                                            "line 2: docker run",
		"#!/bin/bash\ncd /srv && docker compose -f prod.yml up -d\n":                                               "line 2: docker compose -f prod.yml up",
		"#!/bin/bash\ndocker-compose up -d\n":                                                                      "line 2: docker-compose up",
		"#!/bin/bash\npodman run shop\n":                                                                           "line 2: podman run",
		"#!/bin/bash\nID=$(docker create shop); docker start $ID\n":                                                "line 2: docker create",
		"#!/bin/bash\ncat >/etc/systemd/system/shop.service <<E\n[Service]\nExecStart=/usr/bin/docker run shop\nE": "line 4: docker run",
		"#cloud-config\nruncmd:\n  - docker run -d shop\n":                                                         "line 3: docker run",
		"#cloud-config\nruncmd:\n  - [docker, run, -d, shop]\n":                                                    "line 3: docker run",
		"#cloud-config\nruncmd:\n  - ['sh', '-c', \"docker run -d shop\"]\n":                                       "line 3: docker run",
		"#cloud-config\npackages: [docker.io]\n":                                                                   "",
		zipped(t, "#!/bin/sh\ndocker run shop\n"):                                                                  "line 2: docker run",
		cloudConfig("r/shop:1"):                                                                                    "",
	} {
		why, yes := StartsContainer(text)
		if why != want || yes != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, why, yes, want)
		}
	}
}

const byHand = `#cloud-config
write_files:
  - path: /etc/motd
    content: image = "none"
  - path: /etc/bluegreen/agent.d/10-shop.toml
    content: |
      # image = "what it was"
      image = "r/shop:1"
      [container]
      ports = ["80:8080"]
runcmd:
  - [systemctl, restart, rsyslog]
`

func TestWithImage(t *testing.T) {
	multipart, err := WithImage("#!/bin/bash\necho hello\n", "r/shop:1")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ text, image, want string }{
		"nothing before":           {"", "r/shop:2", cloudConfig("r/shop:2")},
		"nothing at all":           {"", "", "#cloud-config\n{}\n"},
		"our own":                  {cloudConfig("r/shop:1"), "r/shop:2", cloudConfig("r/shop:2")},
		"our own, packed":          {zipped(t, cloudConfig("r/shop:1")), "r/shop:2", cloudConfig("r/shop:2")},
		"somebody's":               {byHand, "r/shop:2", strings.Replace(byHand, `      image = "r/shop:1"`, `      image = "r/shop:2"`, 1)},
		"no image":                 {byHand, "", byHand},
		"a script, a second time":  {multipart, "r/shop:2", strings.Replace(multipart, "r/shop:1", "r/shop:2", 1)},
		"a quote in the reference": {"", `a"b`, cloudConfig(`a"b`)},
		"a script": {"#!/bin/bash\necho hello", "r/shop:1", `Content-Type: multipart/mixed; boundary="==bluegreen=="
MIME-Version: 1.0

--==bluegreen==
Content-Type: text/x-shellscript; charset="utf-8"
MIME-Version: 1.0

#!/bin/bash
echo hello
--==bluegreen==
Content-Type: text/cloud-config; charset="utf-8"
MIME-Version: 1.0
X-Merge-Type: list(append)+dict(no_replace,recurse_list)+str()

` + cloudConfig("r/shop:1") + "--==bluegreen==--\n"},
		"parts": {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--B--\n", "r/shop:1",
			"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--B\n" +
				part("text/cloud-config", merging, cloudConfig("r/shop:1")) + "--B--\n"},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := WithImage(c.text, c.image)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Fatalf("%v %s", err, diff)
			}
			if image, ok := Image(got); c.image != "" && (!ok || image != c.image) {
				t.Errorf("the image is %q, %v", image, ok)
			}
		})
	}
}

func TestWithImageRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"image = 1\n":      `the user data is nothing that cloud-init knows (it begins with "image = 1\n"): what it is for cannot be told`,
		"\x1f\x8bnot gzip": "unpack the user data: gzip: invalid header",
		"#!/bin/sh\n# " + strings.Repeat("x", 16<<10):             "the user data would have 16885 bytes, and EC2 takes 16384",
		"Content-Type: text/plain\n\nhello\n":                     "read the MIME parts of the user data: it has no boundary between parts",
		"Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n": `read the MIME parts of the user data: the last boundary "--B--" is missing`,
	} {
		if _, err := WithImage(text, "r/shop:1"); err == nil || err.Error() != want {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
}

func FuzzWithImage(f *testing.F) {
	f.Add("", "r/shop:1")
	f.Add(byHand, "r/shop@sha256:00")
	f.Add("#!/bin/sh\ndocker run x", "a")
	f.Fuzz(func(t *testing.T, text, image string) {
		StartsContainer(text)
		out, err := WithImage(text, image)
		if err != nil || image == "" {
			return
		}
		if got, ok := Image(out); !ok || got != image {
			t.Errorf("%q with %q: %q, %v", text, image, got, ok)
		}
	})
}
