package userdata

import (
	"strings"
	"testing"
)

func TestWithImage(t *testing.T) {
	ours := func(image string) string { return CloudConfig("image = \"" + image + "\"\n") }
	script := "#!/bin/bash\necho hello\n"
	multipart, err := WithImage(script, "r/shop:1")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ before, image, keeps string }{
		"nothing before":     {"", "r/shop:2", ""},
		"our own":            {ours("r/shop:1"), "r/shop:2", ""},
		"our own, with more": {CloudConfig("image = \"r/shop:1\" # now\n[container]\nmemory = \"1GiB\"\n"), "r/shop:2", `memory = "1GiB"`},
		"a script":           {script, "r/shop:2", "echo hello"},
		"a script again":     {multipart, "r/shop:2", "echo hello"},
		"a quote":            {"", `a"b`, ""},
	} {
		got, err := WithImage(c.before, c.image)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if image, ok := Image(got); !ok || image != c.image || !strings.Contains(got, c.keeps) || strings.Contains(got, "r/shop:1") {
			t.Errorf("%s: image %q, %v in\n%s", what, image, ok, got)
		}
	}
	kept, err := WithImage("", "")
	if image, ok := Image(kept); ok || err != nil || !strings.HasPrefix(kept, "#cloud-config\n") {
		t.Errorf("no image: %q, %v in %q", image, err, kept)
	}
	if _, err := WithImage(CloudConfig("image = ["), "r/shop:1"); err == nil {
		t.Error("settings that cannot be read were written over")
	}
	for _, text := range []string{"", script, CloudConfig("app = \"shop\"\n"), CloudConfig("image = [")} {
		if image, ok := Image(text); ok {
			t.Errorf("%q says %q", text, image)
		}
	}
}
