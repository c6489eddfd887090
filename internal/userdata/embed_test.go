package userdata

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const overlay = "image = \"shop:1\"\n\n[container.env]\nGREETING = \"{{ name }}: 'hé' # \\\"x\\\"\"\n"

func TestCloudConfig(t *testing.T) {
	const want = `#cloud-config
# What bluegreen-agent is to run here. Raw TOML in user data would make cloud-init complain.
write_files:
  - path: /etc/bluegreen/agent.d/50-user-data.toml
    owner: root:root
    permissions: '0600'
    content: |
      image = "shop:1"

      [container.env]
      GREETING = "{{ name }}: 'hé' # \"x\""
`
	if diff := cmp.Diff(want, CloudConfig(overlay)); diff != "" {
		t.Error(diff)
	}
	const encodedWant = `#cloud-config
# What bluegreen-agent is to run here. Raw TOML in user data would make cloud-init complain.
write_files:
  - path: /etc/bluegreen/agent.d/50-user-data.toml
    owner: root:root
    permissions: '0600'
    encoding: b64
    content: 'IGltYWdl'
`
	if diff := cmp.Diff(encodedWant, CloudConfig(" image")); diff != "" {
		t.Error(diff)
	}
}

// awkward are texts that YAML, or a message, would not carry unharmed by themselves.
var awkward = []string{
	"", "\n", "x", "x\n", "x\n\n", "\nx\n", " x\n", "\tx\n", "x\n  y\n\t z\n", "x \n \n  \ny\n", "x\r\ny\r\n", "\x00", "\xff\n", "é\n", "\u0085\n",
	"\u2028x\n", "\ufeffx\n", "'\n", "|\n", "# x\n", "---\n...\n", "- x\n", "%x\n", "--//\n", "\U0001F600\n", strings.Repeat("x", 2000) + "\n", "x\x7f\n", "x\x1b\n",
}

func TestCloudConfigInverse(t *testing.T) {
	for _, text := range append(awkward, overlay) {
		got, err := FromCloudConfig(CloudConfig(text))
		if err != nil || got != text {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

// Cloud-configs that people write.
func TestFromCloudConfig(t *testing.T) {
	entry := func(rest string) string { return "#cloud-config\nwrite_files:\n  - path: " + File + "\n" + rest }
	for name, c := range map[string]struct{ text, want, err string }{
		"nothing":          {"", "", ""},
		"a script":         {classic, "", ""},
		"without settings": {"#cloud-config\npackages: [jq]\nwrite_files:\n  - path: /x\n    content: |\n      y\n", "", ""},
		"among others": {"#cloud-config\npackages:\n  - jq\n\nwrite_files:\n  # ours\n\n  - path: /x\n    content: x\n  - content: |\n      image = \"a:1\"\n\n      # more\n    path: '" + File + "'\n    permissions: \"0600\"\n  - path: /y\nruncmd:\n  - x\n",
			"image = \"a:1\"\n\n# more\n", ""},
		"not indented":     {"#cloud-config\nwrite_files:\n- path: " + File + " # ours\n  content: |\n    a = 1\n# the end\nruncmd: []\n", "a = 1\n", ""},
		"stripped":         {entry("    content: |-\n      a = 1\n\n    mode: x\n"), "a = 1", ""},
		"kept":             {entry("    content: |+\n      a = 1\n\n    mode: x\n"), "a = 1\n\n", ""},
		"indented more":    {entry("    content: |2\n        a = 1\n"), "  a = 1\n", ""},
		"commented":        {entry("    content: | # x\n      a = 1\n"), "a = 1\n", ""},
		"in quotes":        {entry("    content: \"a = 1\\n\"\n"), "a = 1\n", ""},
		"in other quotes":  {entry("    content: 'a = ''1'''\n"), "a = '1'", ""},
		"bare":             {entry("    content: a = 1\n"), "a = 1", ""},
		"encoded":          {entry("    content: " + encoded("a = 1\n") + "\n    encoding: base64\n"), "a = 1\n", ""},
		"encoded in lines": {entry("    encoding: b64\n    content: |\n" + wrapped(overlay, "      ")), overlay, ""},
		"packed":           {entry("    encoding: gz+b64\n    content: " + encoded(compressed(t, overlay)) + "\n"), overlay, ""},
		"twice":            {entry("    content: a = 1\n  - path: " + File + "\n    content: a = 2\n"), "a = 2", ""},
		"compressed":       {compressed(t, CloudConfig(overlay)), overlay, ""},
		"in a multipart":   {strings.Replace(strings.Replace(multipartScript, "#cloud-config\npackages: [docker.io]\n", CloudConfig(overlay), 1), "BASE64", wrapped(classic, ""), 1), overlay, ""},

		"a script's":              {"#!/bin/sh\ncat > " + File + " <<EOF\n", "", "the user data writes " + File + " in a way that cannot be read; have it written by write_files in a cloud-config"},
		"a flow":                  {"#cloud-config\nwrite_files: [{path: " + File + ", content: x}]\n", "", "the user data names " + File + " in a way that cannot be read; write it with path and content on lines of their own"},
		"a folded block":          {entry("    content: >\n      a = 1\n"), "", "read the settings in the user data: the content of " + File + " is written in a way that is not understood; use a block that begins with |"},
		"appended":                {entry("    content: a\n    append: true\n"), "", "read the settings in the user data: " + File + " is appended to, so that not all of it is known"},
		"not encoded":             {entry("    content: '!'\n    encoding: b64\n"), "", "read the settings in the user data: the content of " + File + ": illegal base64 data at input byte 0"},
		"not packed":              {entry("    content: aaaa\n    encoding: gz+b64\n"), "", "read the settings in the user data: the content of " + File + " is not compressed as it says"},
		"not packed, nor encoded": {entry("    content: '!'\n    encoding: gz+b64\n"), "", "read the settings in the user data: the content of " + File + ": illegal base64 data at input byte 0"},
		"otherwise":               {entry("    content: aaaa\n    encoding: rot13\n"), "", "read the settings in the user data: the content of " + File + " has the encoding \"rot13\", which is not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromCloudConfig(c.text)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if got != c.want || message != c.err {
				t.Errorf("got %q, %s", got, message)
			}
		})
	}
}

// Whatever the user data is, the settings get into it, and everything else stays.
func TestEmbed(t *testing.T) {
	others := map[string]string{
		"a script":       classic,
		"a cloud-config": "#cloud-config\npackages: [jq]\nwrite_files:\n  - path: /x\n    content: |\n      y\n",
		"an include":     "#include\nhttps://example.com/x\n",
		"a jinja":        "## template: jinja\n#cloud-config\nhostname: {{ v1.region }}\n",
		"not ASCII":      "#!/bin/sh\necho é\n",
		"Windows":        "#!/bin/sh\r\ntrue\r\n",
		"no newline":     "#!/bin/sh",
		"a long line":    "#!/bin/sh\necho " + strings.Repeat("x", 2000) + "\n",
		"a multipart":    strings.Replace(multipartScript, "BASE64", wrapped(classic, ""), 1),
	}
	for name, text := range others {
		for form, userData := range map[string]string{"": text, ", base64": encoded(text), ", gzip": compressed(t, text), ", both": encoded(compressed(t, text))} {
			t.Run(name+form, func(t *testing.T) {
				got := embed(t, userData, overlay)
				want := append(texts(flatten(text)), CloudConfig(overlay))
				if diff := cmp.Diff(want, texts(flatten(got))); diff != "" {
					t.Errorf("parts:\n%s", diff)
				}
				if again := embed(t, userData, overlay); again != got {
					t.Error("it is another each time")
				}
				if back, err := FromCloudConfig(got); err != nil || back != overlay {
					t.Errorf("read back: %q, %v", back, err)
				}
				// Another overlay replaces ours and nothing else.
				if twice := embed(t, got, "image = \"shop:2\"\n"); twice != embed(t, userData, "image = \"shop:2\"\n") {
					t.Errorf("the second time:\n%s", twice)
				}
			})
		}
	}
}

// Without anything else, ours is all there is.
func TestEmbedAlone(t *testing.T) {
	for _, userData := range []string{"", " \n", CloudConfig("a = 1\n"), compressed(t, CloudConfig("a = 1\n")), encoded(CloudConfig("a = 1\n"))} {
		if got := embed(t, userData, overlay); got != CloudConfig(overlay) {
			t.Errorf("%q: got %s", userData, got)
		}
	}
}

func TestEmbedMessage(t *testing.T) {
	const want = "Content-Type: multipart/mixed; boundary=\"BOUNDARY\"\n" +
		"MIME-Version: 1.0\n\n" +
		"--BOUNDARY\r\nContent-Disposition: attachment; filename=\"user-data\"\r\nContent-Transfer-Encoding: 7bit\r\n" +
		"Content-Type: text/plain; charset=\"utf-8\"\r\n\r\n#!/bin/sh\ntrue\n" +
		"\r\n--BOUNDARY\r\nContent-Disposition: attachment; filename=\"bluegreen-agent.cfg\"\r\nContent-Transfer-Encoding: 7bit\r\n" +
		"Content-Type: text/cloud-config; charset=\"utf-8\"\r\nMerge-Type: list(append)+dict(recurse_list)+str()\r\n\r\n"
	sum := sha256.New()
	for _, body := range []string{"#!/bin/sh\ntrue\n", CloudConfig("a = 1\n")} {
		fmt.Fprintf(sum, "%d:%s", len(body), body)
	}
	boundary := fmt.Sprintf("bluegreen-%x", sum.Sum(nil)[:16])
	got := embed(t, "#!/bin/sh\ntrue\n", "a = 1\n")
	whole := strings.ReplaceAll(want, "BOUNDARY", boundary) + CloudConfig("a = 1\n") + "\r\n--" + boundary + "--\r\n"
	if diff := cmp.Diff(whole, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmbedRefuses(t *testing.T) {
	noise := ""
	for i := range 2000 {
		noise += fmt.Sprintf("# %x\n", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	for name, c := range map[string]struct{ userData, want string }{
		"binary":           {"\x00\x01", "the user data is neither text nor compressed text"},
		"half a multipart": {"MIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx", "the user data is a multipart that cannot be read"},
		"too much":         {noise, "the user data would have "},
	} {
		if _, err := Embed(c.userData, overlay); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := embed(t, strings.Repeat("# a comment that is much the same as others\n", 1000), overlay)
	if !strings.HasPrefix(large, gzipMagic) || len(large) > MaxSize {
		t.Errorf("what is too large is not compressed: %d bytes", len(large))
	}
	if back, err := FromCloudConfig(large); err != nil || back != overlay {
		t.Errorf("read back: %q, %v", back, err)
	}
}

func embed(t testing.TB, userData, overlay string) string {
	t.Helper()
	got, err := Embed(userData, overlay)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func texts(parts []part) (all []string) {
	for _, p := range parts {
		all = append(all, p.text)
	}
	return all
}

func TestSetImage(t *testing.T) {
	for name, c := range map[string]struct{ overlay, want string }{
		"none":            {"", "image = \"shop:2\"\n"},
		"alone":           {"image = \"shop:1\"\n", "image = \"shop:2\"\n"},
		"with a comment":  {"# ours\ncolor = \"blue\"\nimage = 'shop:1' # old\n\n[container]\nimage = \"x\" # not this\n", "# ours\ncolor = \"blue\"\nimage = \"shop:2\"\n\n[container]\nimage = \"x\" # not this\n"},
		"none, but more":  {"# ours\n[container]\nmemory = \"1GiB\"\n", "image = \"shop:2\"\n# ours\n[container]\nmemory = \"1GiB\"\n"},
		"a quoted key":    {"\"image\" = \"shop:1\"\n[container]\nports = [\"80:80\"]\n", "image = \"shop:2\"\n\n[container]\n  ports = [\"80:80\"]\n"},
		"in a long text":  {"note = '''\nimage = \"shop:1\"\n'''\n", "image = \"shop:2\"\nnote = \"image = \\\"shop:1\\\"\\n\"\n"},
		"over some lines": {"image = \"\"\"shop:1\"\"\"\n", "image = \"shop:2\"\n"},
		"no newline":      {"color = \"blue\"\nimage = \"shop:1\"", "color = \"blue\"\nimage = \"shop:2\"\n"},
	} {
		got, err := SetImage(c.overlay, "shop:2")
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := SetImage("image = ", "shop:2"); err == nil || !strings.HasPrefix(err.Error(), "read the settings in the user data: ") {
		t.Errorf("no TOML: %v", err)
	}
}

// FuzzEmbed checks that settings are found again as they were put in, whatever is around them, and that nothing is lost.
func FuzzEmbed(f *testing.F) {
	for _, text := range awkward {
		f.Add(classic, text)
		f.Add(text, overlay)
	}
	f.Add(strings.Replace(multipartScript, "BASE64", wrapped(classic, ""), 1), overlay)
	f.Add("#cloud-config\nwrite_files:\n  - path: "+File+"\n    content: |\n      a = 1\n", overlay)
	f.Fuzz(func(t *testing.T, userData, overlay string) {
		if back, err := FromCloudConfig(CloudConfig(overlay)); err != nil || back != overlay {
			t.Fatalf("%q comes back as %q, %v", overlay, back, err)
		}
		got, err := Embed(userData, overlay)
		if err != nil {
			return
		}
		found := false
		kept := map[string]bool{}
		for _, p := range flatten(got) {
			kept[p.text] = true
			if back, ok := own(p.text); ok {
				found = back == overlay
			}
		}
		if !found {
			t.Fatalf("%q is not in %q", overlay, got)
		}
		for _, p := range flatten(userData) {
			if _, ours := own(p.text); !ours && !kept[p.text] && strings.TrimSpace(p.text) != "" {
				t.Errorf("%q is lost in %q", p.text, got)
			}
		}
		_, _ = FromCloudConfig(userData)
		_, _ = SetImage(overlay, "shop:2")
	})
}
