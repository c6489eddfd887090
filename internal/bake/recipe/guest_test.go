package recipe

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var guest = Guest{Run: "7-20261121-030506", DeadMan: 40 * time.Minute}

func anyBuilder() Builder {
	return Builder{
		Guest: guest, App: "shop", Docker: "docker.io", Packages: []string{"jq"}, Image: "registry.example.com/shop@" + digest,
		Agent:  Object{URL: "https://b.s3.eu-west-1.amazonaws.com/agent.deb?X-Amz-Signature=" + strings.Repeat("0", 1200), SHA256: strings.Repeat("1", 64)},
		Bundle: Object{URL: "https://b.s3.eu-west-1.amazonaws.com/bundle.tar.gz?X-Amz-Signature=" + strings.Repeat("2", 1200), SHA256: strings.Repeat("3", 64)},
	}
}

// text is user data as cloud-init takes it.
func text(t testing.TB, userData string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(userData) > MaxUserData {
		t.Errorf("the user data has %d bytes", len(userData))
	}
	if !strings.HasPrefix(userData, "\x1f\x8b") {
		return userData
	}
	r, err := gzip.NewReader(strings.NewReader(userData))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// part is the content of a file in user data.
func part(t testing.TB, userData, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(userData, "  - path: "+work+name+"\n    owner: root:root\n    permissions: '0600'\n    content: |\n")
	if !ok {
		t.Fatalf("no file %s in\n%s", name, userData)
	}
	var b strings.Builder
	for line := range strings.Lines(rest) {
		if line != "\n" && !strings.HasPrefix(line, "      ") {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "      "))
	}
	return b.String()
}

// The frame is fixed: before all else the timer that ends the instance, and at last, outside of cloud-init, the script.
func TestUserData(t *testing.T) {
	userData, err := anyBuilder().UserData()
	got := text(t, userData, err)
	if script := part(t, got, "guest"); script != BuilderScript() {
		t.Errorf("the script differs:\n%s", cmp.Diff(BuilderScript(), script))
	}
	settings := part(t, got, "settings")
	frame := strings.NewReplacer(indented(settings), "SETTINGS\n", indented(BuilderScript()), "SCRIPT\n").Replace(got)
	want := `#cloud-config
# Written by amibake, run 7-20261121-030506.
bootcmd:
  - systemd-run --quiet --no-block --unit=amibake-deadman --on-active=2400s --timer-property=DefaultDependencies=no --timer-property=AccuracySec=1s --property=DefaultDependencies=no systemctl poweroff --force || true
write_files:
  - path: /var/lib/amibake/settings
    owner: root:root
    permissions: '0600'
    content: |
SETTINGS
  - path: /var/lib/amibake/guest
    owner: root:root
    permissions: '0600'
    content: |
SCRIPT
runcmd:
  - systemd-run --quiet --no-block --unit=amibake-guest bash /var/lib/amibake/guest
`
	if diff := cmp.Diff(want, frame); diff != "" {
		t.Error(diff)
	}
	wantSettings := `AMIBAKE_RUN='7-20261121-030506'
AMIBAKE_DEADMAN='2400s'
AMIBAKE_CONSOLE='/dev/console'
AMIBAKE_LOG='/run/amibake.log'
AMIBAKE_REPEAT='40'
AMIBAKE_APP='shop'
AMIBAKE_DOCKER='docker.io'
AMIBAKE_PACKAGES=('jq')
AMIBAKE_DIGEST='` + digest + `'
AMIBAKE_AGENT_URL='` + anyBuilder().Agent.URL + `'
AMIBAKE_AGENT_SHA256='` + anyBuilder().Agent.SHA256 + `'
AMIBAKE_BUNDLE_URL='` + anyBuilder().Bundle.URL + `'
AMIBAKE_BUNDLE_SHA256='` + anyBuilder().Bundle.SHA256 + `'
`
	if diff := cmp.Diff(wantSettings, settings); diff != "" {
		t.Error(diff)
	}
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("      ")
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestUserDataOfVerifier(t *testing.T) {
	userData, err := Verifier{Guest: guest, Limit: 90*time.Second + 1}.UserData()
	got := text(t, userData, err)
	if script := part(t, got, "guest"); script != VerifierScript() {
		t.Errorf("the script differs:\n%s", cmp.Diff(VerifierScript(), script))
	}
	want := "AMIBAKE_LIMIT='91'\nAMIBAKE_HEALTH_PORT='9180'\nAMIBAKE_IMDS='169.254.169.254'\n"
	if settings := part(t, got, "settings"); !strings.HasSuffix(settings, want) {
		t.Errorf("settings:\n%s", settings)
	}
}

// A small bundle travels in the user data; of one that is too large the message says what to do.
func TestUserDataInline(t *testing.T) {
	b := anyBuilder()
	b.Bundle, b.Inline = Object{}, bytes.Repeat([]byte{0, 1, 0xff}, 1000)
	userData, err := b.UserData()
	got := text(t, userData, err)
	_, encoded, _ := strings.Cut(got, "bundle.tar.gz\n    owner: root:root\n    permissions: '0600'\n    encoding: b64\n    content: '")
	encoded, _, _ = strings.Cut(encoded, "'\n")
	if decoded, err := base64.StdEncoding.DecodeString(encoded); err != nil || !bytes.Equal(decoded, b.Inline) {
		t.Errorf("the bundle in the user data differs: %v", err)
	}
	b.Inline = noise(15000)
	_, err = b.UserData()
	if err == nil || !regexp.MustCompile(`^write the builder's user data: it has \d{5} bytes, and EC2 takes 16384: set staging.bucket, so that the instance fetches its files from there$`).MatchString(err.Error()) {
		t.Errorf("too large: %v", err)
	}
}

// noise does not get smaller by packing.
func noise(n int) (b []byte) {
	for len(b) < n {
		b = append(b, []byte(SHA256(b[max(0, len(b)-64):]))...)
	}
	for i := range b {
		b[i] ^= SHA256([]byte{byte(i), byte(i >> 8)})[0] << 3
	}
	return b[:n]
}

func TestUserDataRefuses(t *testing.T) {
	for want, change := range map[string]func(*Builder){
		`"a b" is no id of a run`:                                           func(b *Builder) { b.Run = "a b" },
		`"" is no id of a run`:                                              func(b *Builder) { b.Run = "" },
		"the instance would end itself after 10s":                           func(b *Builder) { b.DeadMan = 10 * time.Second },
		`the image "shop:1" has no digest`:                                  func(b *Builder) { b.Image = "shop:1" },
		"the files are neither in it nor elsewhere, or both":                func(b *Builder) { b.Bundle = Object{} },
		`AMIBAKE_APP has characters that are not printable ASCII: "a\nb"`:   func(b *Builder) { b.App = "a\nb" },
		`AMIBAKE_PACKAGES has characters that are not printable ASCII: "é"`: func(b *Builder) { b.Packages = []string{"é"} },
	} {
		b := anyBuilder()
		change(&b)
		if _, err := b.UserData(); err == nil || err.Error() != "write the builder's user data: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Whatever a value is, bash reads it as it was.
func TestShell(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		printable := rapid.StringMatching(`[ -~]{0,20}`)
		value, items := printable.Draw(t, "value"), rapid.SliceOfN(printable, 1, 3).Draw(t, "items")
		var s shell
		s.set("VALUE", value)
		s.list("ITEMS", items)
		file := filepath.Join(dir, "settings")
		if err := os.WriteFile(file, []byte(s.text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.Command("bash", "-euc", `. "$1"; printf '%s\n' "$VALUE" "${ITEMS[@]}"`, "sh", file).CombinedOutput()
		want := strings.Join(append([]string{value}, items...), "\n") + "\n"
		if err != nil || string(got) != want {
			t.Fatalf("%v: got %q, want %q", err, got, want)
		}
	})
}

// The scripts are sound as far as a machine can see, and pass through YAML unharmed.
func TestScripts(t *testing.T) {
	checker, err := exec.LookPath("shellcheck")
	if err != nil && !testing.Short() {
		t.Fatal("shellcheck is not installed: apt-get install shellcheck")
	}
	for name, script := range map[string]string{"builder": BuilderScript(), "verifier": VerifierScript()} {
		if strings.ContainsFunc(script, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' && r != '\t' }) || !strings.HasSuffix(script, "\nmain\n") {
			t.Errorf("%s: it is not ASCII, or does not end in what starts it", name)
		}
		if checker == "" {
			continue
		}
		lint(t, checker, "bash", name, script)
	}
	if checker != "" {
		lint(t, checker, "sh", "command", Command(time.Minute))
	}
}

func lint(t *testing.T, checker, shell, name, script string) {
	t.Helper()
	check := exec.CommandContext(t.Context(), checker, "--shell="+shell, "-")
	check.Stdin = strings.NewReader(script)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%s: shellcheck: %v\n%s", name, err, out)
	}
}
