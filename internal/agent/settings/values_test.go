package settings

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/config"
	"bluegreen/internal/docker"
)

func TestParseImage(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	const ecr = "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com"
	for text, want := range map[string]Image{
		"nginx:1.27":                  {Registry: "docker.io", Repository: "library/nginx", Tag: "1.27"},
		"team/app:v1":                 {Registry: "docker.io", Repository: "team/app", Tag: "v1"},
		"localhost:5000/app:v1":       {Registry: "localhost:5000", Repository: "app", Tag: "v1"},
		"[::1]:5000/app:v1":           {Registry: "[::1]:5000", Repository: "app", Tag: "v1"},
		ecr + "/team/shop:1":          {Registry: ecr, Repository: "team/shop", Tag: "1"},
		ecr + "/shop@" + digest:       {Registry: ecr, Repository: "shop", Digest: digest},
		ecr + "/shop:1@" + digest:     {Registry: ecr, Repository: "shop", Tag: "1", Digest: digest},
		"ssm:/shop/production/image":  {Parameter: "/shop/production/image"},
		"ghcr.io/a/b.c/d__e/f-g:Tag_": {Registry: "ghcr.io", Repository: "a/b.c/d__e/f-g", Tag: "Tag_"},
	} {
		want.Text = text
		got, err := ParseImage(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
		if got.String() != text || got.IsZero() || got.Pinned() != (want.Digest != "") {
			t.Errorf("%s: written as %s, pinned: %t", text, got, got.Pinned())
		}
		if pinned := got.WithDigest(digest); got.Parameter == "" && pinned.String() != got.Registry+"/"+got.Repository+"@"+digest {
			t.Errorf("%s: pinned as %s", text, pinned)
		}
	}
	for _, text := range []string{"", " ", "nginx", "nginx:", "nginx@sha256:12", "ssm:", "ssm:/", "ssm:x", "ssm:/a b", strings.Repeat("0", 64), "NGINX:1", "a:b:c", "ssm:/x\n"} {
		if got, err := ParseImage(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
	if _, err := ParseReference("ssm:/a"); err == nil {
		t.Error("a parameter is a reference")
	}
}

func TestSource(t *testing.T) {
	type parts struct{ Service, Name, Key string }
	for text, want := range map[string]parts{
		"ssm:/shop/db": {"ssm", "/shop/db", ""},
		"ssm:arn:aws-cn:ssm:cn-north-1:123456789012:parameter/shop/db": {"ssm", "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/shop/db", ""},
		"secretsmanager:shop/db":      {"secretsmanager", "shop/db", ""},
		"secretsmanager:shop/db#user": {"secretsmanager", "shop/db", "user"},
		"secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-aBcDeF#p:w": {"secretsmanager", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-aBcDeF", "p:w"},
	} {
		var s Source
		if err := s.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, parts{s.Service(), s.Name(), s.Key()}); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
	for _, value := range []any{"", "hunter2", "ssm:", "ssm:shop", "ssm:/", "ssm:/a#b", "secretsmanager:", "secretsmanager:a#", "secretsmanager:a b", "secretsmanager:a#b#c", "env:X", "file:/x", 5, nil, "ssm:/a\n"} {
		if err := new(Source).Set(value); err == nil {
			t.Errorf("%q is a source", value)
		}
	}
}

func TestPort(t *testing.T) {
	for text, want := range map[string]Port{
		"80:8080":           {"", 80, 8080, "tcp"},
		"53:53/udp":         {"", 53, 53, "udp"},
		"127.0.0.1:80:8080": {"127.0.0.1", 80, 8080, "tcp"},
		"[::1]:80:8080/udp": {"::1", 80, 8080, "udp"},
	} {
		var p Port
		if err := p.Set(text); err != nil || p != want || p.String() != text {
			t.Errorf("%s: got %+v, written as %s, %v", text, p, p, err)
		}
	}
	for _, value := range []any{"", "80", "80:", ":80", "0:80", "80:0", "65536:80", "80:80/icmp", "a:80", "::1:80:80", "[127.0.0.1]:80:80", "host:80:80", "1.2.3:80:80", "-1:80", "+1:80", "8000-8010:80", 80, nil} {
		if p := new(Port); p.Set(value) == nil {
			t.Errorf("%v is %+v", value, p)
		}
	}
}

func TestUlimit(t *testing.T) {
	for _, c := range []struct {
		value any
		want  Ulimit
		text  string
	}{
		{int64(5), Ulimit{5, 5}, "5:5"}, {"5", Ulimit{5, 5}, "5:5"}, {"5:6", Ulimit{5, 6}, "5:6"}, {"unlimited", Ulimit{-1, -1}, "unlimited:unlimited"},
		{"5:unlimited", Ulimit{5, -1}, "5:unlimited"}, {int64(0), Ulimit{0, 0}, "0:0"},
	} {
		var u Ulimit
		if err := u.Set(c.value); err != nil || u != c.want || u.String() != c.text {
			t.Errorf("%v: got %+v, written as %s, %v", c.value, u, u, err)
		}
	}
	for _, value := range []any{int64(-1), "", "-1", "6:5", "unlimited:5", "a", "1:", ":1", "1:2:3", 1.5, nil} {
		if u := new(Ulimit); u.Set(value) == nil {
			t.Errorf("%v is %s", value, u)
		}
	}
}

func TestTmpfs(t *testing.T) {
	for text, c := range map[string]struct {
		want    Tmpfs
		options string
	}{
		"64MiB":               {Tmpfs{Size: 64 * config.MiB}, "rw,nosuid,nodev,noexec,size=67108864,mode=1777"},
		"1KiB,exec":           {Tmpfs{Size: config.KiB, Exec: true}, "rw,nosuid,nodev,exec,size=1024,mode=1777"},
		"1KiB,exec,mode=0750": {Tmpfs{Size: config.KiB, Exec: true, Mode: 0o750}, "rw,nosuid,nodev,exec,size=1024,mode=0750"},
		"1KiB,mode=1770":      {Tmpfs{Size: config.KiB, Mode: 0o1770}, "rw,nosuid,nodev,noexec,size=1024,mode=1770"},
	} {
		var got Tmpfs
		if err := got.Set(text); err != nil || got != c.want || got.String() != text || got.options() != c.options {
			t.Errorf("%s: got %+v, written as %s, %s, %v", text, got, got, got.options(), err)
		}
	}
	for _, value := range []any{"", "exec", "0B", "1KiB,", "1KiB,suid", "1KiB,mode=8", "1KiB,mode=4755", 64, nil} {
		if got := new(Tmpfs); got.Set(value) == nil {
			t.Errorf("%v is %s", value, got)
		}
	}
}

// A secret's file is for the app alone, as far as its user is known.
func TestAccess(t *testing.T) {
	type access struct {
		UID, GID int
		Mode     fs.FileMode
	}
	for _, c := range []struct {
		user, image string
		secret      Secret
		want        access
	}{
		{"", "", Secret{}, access{0, 0, 0o400}},
		{"", "root", Secret{}, access{0, 0, 0o400}},
		{"", "root:root", Secret{}, access{0, 0, 0o400}},
		{"", "1000", Secret{}, access{1000, 0, 0o400}},
		{"", "1000:1001", Secret{}, access{1000, 1001, 0o400}},
		{"", "1000:app", Secret{}, access{1000, 0, 0o400}},
		{"", "app", Secret{}, access{0, 0, 0o444}},
		{"2000:2001", "app", Secret{}, access{2000, 2001, 0o400}},
		{"app", "1000", Secret{}, access{0, 0, 0o444}},
		{"app", "", Secret{Owner: "5:6"}, access{5, 6, 0o400}},
		{"app", "", Secret{Owner: "5", Mode: 0o440}, access{5, 0, 0o440}},
		{"app", "", Secret{Mode: 0o440}, access{0, 0, 0o440}},
	} {
		var got access
		got.UID, got.GID, got.Mode = Settings{Container: Container{User: c.user}}.Access(c.secret, docker.Image{User: c.image})
		if got != c.want {
			t.Errorf("user %q, image's %q, %+v: got %+v", c.user, c.image, c.secret, got)
		}
	}
}
