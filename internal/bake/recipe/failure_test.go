package recipe

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Stand-ins for programs of the base AMI.
const (
	agentScript = `#!/bin/sh
case $1 in
check) ! grep refused /etc/bluegreen/agent.d/20-app.toml ;;
pull) echo "shop ` + digest + `" ;;
esac
`
	curlScript = "#!/bin/sh\necho others\n"
)

// failing is a builder of an AMI that has the agent.
func failing() (c Cargo, b Builder) {
	c, b = cargo(), anyBuilder()
	c.Files, c.Scripts, c.Settings = nil, nil, nil
	b.Agent, b.Bundle, b.Packages = Object{}, Object{}, nil
	return c, b
}

// TestFailures has builders fail. Each says where, why, and what its log has to say about it, and goes on living until
// somebody ends it; its timer ran before anything else.
func TestFailures(t *testing.T) {
	host, image := base(t)
	i := boot(t, host, image)
	others := Object{URL: "https://b/file?X-Amz-Signature=secret", SHA256: strings.Repeat("1", 64)}
	isOthers := " has the SHA-256 " + SHA256([]byte("others\n")) + ", not " + others.SHA256
	for n, c := range []struct {
		name    string
		prepare string
		change  func(*Cargo, *Builder)
		want    Failed
		log     []string // its last lines
	}{
		{
			name: "no agent", change: func(*Cargo, *Builder) {},
			want: Failed{"agent", "the agent is to be from the base AMI, and is not there"},
		},
		{
			name: "settings", change: func(c *Cargo, _ *Builder) { c.Settings = []byte("refused = true\n") },
			prepare: place("/usr/local/bin/bluegreen-agent", agentScript),
			want:    Failed{"agent", "the agent refuses its settings"}, log: []string{"refused = true"},
		},
		{
			name: "a script", change: func(c *Cargo, _ *Builder) {
				c.Scripts = []Piece{
					{"works.sh", 0o755, []byte("#!/bin/sh\necho it works\n")},
					{"fails.sh", 0o755, []byte("#!/bin/sh\nseq 100\nprintf 'amibake 3 ready {}\\r\\033[1ma\\ttab\\n\\n'\n" +
						"echo 'https://b/x?X-Amz-Credential=AKIA&X-Amz-Signature=abc x'\nfalse\nexit 3\n")},
					{"never.sh", 0o755, []byte("#!/bin/sh\ntouch /never\n")},
				}
			},
			want: Failed{"scripts", "002-fails.sh ended with 3"},
			log:  []string{"99", "100", "amibake 3 ready {}", "[1ma tab", "https://b/x?X-Amz-Credential=...&X-Amz-Signature=... x"},
		},
		{
			name: "no program", change: func(c *Cargo, _ *Builder) { c.Scripts = []Piece{{"x.sh", 0o755, []byte("#!/bin/none\n")}} },
			want: Failed{"scripts", "001-x.sh ended with 127"},
		},
		{
			name: "another image", change: func(_ *Cargo, b *Builder) { b.Image = "shop@sha256:" + strings.Repeat("9", 64) },
			want: Failed{"pull", "pulled " + digest + ", not sha256:" + strings.Repeat("9", 64)},
		},
		{
			name: "other bytes", change: func(_ *Cargo, b *Builder) { b.Agent = others },
			prepare: place("/usr/local/bin/curl", curlScript),
			want:    Failed{"fetch", "the agent's package" + isOthers},
		},
		{
			name: "other files", change: func(_ *Cargo, b *Builder) { b.Bundle = others },
			want: Failed{"fetch", "the files" + isOthers},
		},
		{
			name: "files that are none", change: func(_ *Cargo, b *Builder) { b.Bundle = Object{others.URL, SHA256([]byte("others\n"))} },
			want: Failed{"fetch", `"tar --extract --gzip --no-same-owner --file "$work/bundle.tar.gz" --directory "$work/bundle"" ended with 2`},
		},
		{
			name: "no Docker", change: func(_ *Cargo, b *Builder) { b.Docker = "none" },
			prepare: "mv /usr/bin/docker /root/\n" + place("/usr/local/bin/cloud-init", "#!/bin/sh\nexit 2\n"),
			want:    Failed{"docker", "Docker is to be from the base AMI, and is not there"},
			log: []string{
				"note: cloud-init was not content with everything: see cloud-init status --long on an instance",
				"=== apt", "=== fetch", "=== files", "=== packages", "=== docker",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			i.sh(t, c.prepare)
			cargo, builder := failing()
			c.change(&cargo, &builder)
			builder.Run = fmt.Sprint(n + 1)
			if builder.Bundle == (Object{}) {
				bundle, err := cargo.Bundle()
				if err != nil {
					t.Fatal(err)
				}
				builder.Inline = bundle
			}
			userData, err := builder.UserData()
			if err != nil {
				t.Fatal(err)
			}
			i.settle(t, userData, once...)
			got := i.report(t, builder.Run)
			if diff := cmp.Diff(&c.want, got.Failed); diff != "" || got.Ready != nil {
				t.Errorf("%+v\n%s", got.Ready, diff)
			}
			if n := len(got.Log); n < len(c.log) || n == 0 || n > 40 || !cmp.Equal(c.log, got.Log[n-len(c.log):]) && c.log != nil {
				t.Errorf("the log is\n%s\nand does not end in\n%s", strings.Join(got.Log, "\n"), strings.Join(c.log, "\n"))
			}
			if _, after, _ := strings.Cut(i.console(t), "amibake "+builder.Run+" "); !strings.HasPrefix(after, "stage deadman ") {
				t.Errorf("it begins with %.40q", after)
			}
			i.sh(t, "systemctl is-active amibake-deadman.timer; ! test -e /never")
			i.sh(t, "systemctl stop amibake-deadman.timer; systemctl reset-failed; rm -rf "+work+" /run/amibake.log")
		})
	}
	t.Run("an app that is not healthy", func(t *testing.T) {
		v := Verifier{Guest: guest, Limit: time.Second}
		userData, err := v.UserData()
		if err != nil {
			t.Fatal(err)
		}
		i.settle(t, userData, once...)
		got := i.report(t, guest.Run)
		if diff := cmp.Diff(&Failed{"health", "the app is not healthy after 1 s: /health answers nothing"}, got.Failed); diff != "" || len(got.Log) == 0 {
			t.Errorf("with the log %q:\n%s", got.Log, diff)
		}
	})
}

// place is a script that makes a program.
func place(name, content string) string {
	return "cat >" + name + " <<'END'\n" + content + "END\nchmod +x " + name
}

// TestDeadMan has nobody end an instance but itself, at a moment when it does something that never ends.
func TestDeadMan(t *testing.T) {
	host, image := base(t)
	for name, armed := range map[string]string{
		"by cloud-init":  "--on-active=2400s|--on-active=15s",
		"by the builder": "systemd-run --quiet --no-block --unit=amibake-deadman|true",
	} {
		t.Run(name, func(t *testing.T) {
			i := boot(t, host, image)
			i.sh(t, place("/usr/local/bin/bluegreen-agent", agentScript))
			cargo, builder := failing()
			cargo.Scripts = []Piece{{"hangs.sh", 0o755, []byte("#!/bin/sh\nexec sleep infinity\n")}}
			bundle, err := cargo.Bundle()
			if err != nil {
				t.Fatal(err)
			}
			builder.Inline = bundle
			userData, err := builder.UserData()
			if err != nil {
				t.Fatal(err)
			}
			from, to, _ := strings.Cut(armed, "|")
			i.settle(t, userData, from, to, "AMIBAKE_DEADMAN='2400s'", "AMIBAKE_DEADMAN='15s'")
			i.eventually(t, "the instance has ended itself", func() bool { return !i.running(t) })
			if got := Parse(i.console(t), guest.Run); got.Ready != nil {
				t.Errorf("it says that it is ready: %+v", got)
			}
		})
	}
}
