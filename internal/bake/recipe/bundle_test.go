package recipe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func cargo() Cargo {
	return Cargo{
		App: "shop", Image: "registry.example.com/shop@" + digest, Settings: []byte("container.ports = [\"80:8080\"]\n"),
		Files:   []Piece{{"/etc/sysctl.d/90-shop.conf", 0o644, []byte("vm.swappiness = 1\n")}, {"/usr/local/bin/tune", 0o700, []byte("#!/bin/sh\n")}},
		Scripts: []Piece{{"b.sh", 0o755, []byte("#!/bin/sh\n")}, {"a.sh", 0o644, []byte("#!/bin/sh\n")}},
	}
}

// unpacked is an archive as text.
func unpacked(t *testing.T, archive []byte) string {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %04o %d\n%s", header.Name, header.Mode, header.ModTime.Unix(), content)
	}
}

func TestBundle(t *testing.T) {
	got, err := cargo().Bundle()
	if err != nil {
		t.Fatal(err)
	}
	want := `agent/10-amibake.toml 0644 0
# Written by amibake. User data goes over this.
app = "shop"
image = "registry.example.com/shop@` + digest + `"
agent/20-app.toml 0644 0
container.ports = ["80:8080"]
files/etc/sysctl.d/90-shop.conf 0644 0
vm.swappiness = 1
files/usr/local/bin/tune 0700 0
#!/bin/sh
scripts/001-b.sh 0755 0
#!/bin/sh
scripts/002-a.sh 0744 0
#!/bin/sh
`
	if diff := cmp.Diff(want, unpacked(t, got)); diff != "" {
		t.Error(diff)
	}
	again, err := cargo().Bundle()
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("the same cargo comes to other bytes: %v", err)
	}
}

func TestBundleRefuses(t *testing.T) {
	for want, change := range map[string]func(*Cargo){
		`the file "etc/a" has no absolute path`:     func(c *Cargo) { c.Files[0].Name = "etc/a" },
		`the file "/etc/../a" has no absolute path`: func(c *Cargo) { c.Files[0].Name = "/etc/../a" },
		"two files are to be /usr/local/bin/tune":   func(c *Cargo) { c.Files[0].Name = "/usr/local/bin/tune" },
		`the script "../a" has no name`:             func(c *Cargo) { c.Scripts[0].Name = "../a" },
		`the script "" has no name`:                 func(c *Cargo) { c.Scripts[0].Name = "" },
	} {
		c := cargo()
		change(&c)
		if _, err := c.Bundle(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// deb is a Debian package with nothing but a control file.
func deb(t *testing.T, member, control string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, content := range map[string]string{"./control": control} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := archive.Bytes()
	if strings.HasSuffix(member, ".gz") {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write(packed)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		packed = zipped.Bytes()
	}
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []struct {
		name    string
		content []byte
	}{{"debian-binary", []byte("2.0\n")}, {member, packed}} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", m.name, 0, 0, 0, "100644", len(m.content), m.content)
		if len(m.content)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func TestReadPackage(t *testing.T) {
	const control = "Package: bluegreen-agent\nVersion: 1.2.0~rc1\nArchitecture: amd64\nDescription: agent\n Version: 9\n"
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    Package
		err     string
	}{
		"gzip":              {file: "agent.deb", content: deb(t, "control.tar.gz", control), want: Package{Version: "1.2.0~rc1", Architecture: "amd64"}},
		"plain":             {file: "agent.deb", content: deb(t, "control.tar", control), want: Package{Version: "1.2.0~rc1", Architecture: "amd64"}},
		"xz, with a name":   {file: "a/bluegreen-agent_1.3.0_arm64.deb", content: deb(t, "control.tar.xz", control), want: Package{Version: "1.3.0", Architecture: "arm64"}},
		"xz, without":       {file: "agent.deb", content: deb(t, "control.tar.xz", control), err: "agent.deb: its control file is packed by xz or zstd, and the file is not named like bluegreen-agent_1.2.0_amd64.deb"},
		"another's":         {file: "x.deb", content: deb(t, "control.tar.gz", strings.Replace(control, "-agent", "", 1)), err: `x.deb: it is a package of "bluegreen", not of bluegreen-agent`},
		"without a version": {file: "x.deb", content: deb(t, "control.tar.gz", "Package: bluegreen-agent\n"), err: "x.deb: it does not say its version and architecture"},
		"none":              {file: "x.deb", content: []byte("PK"), err: "x.deb: it is no Debian package"},
		"cut off":           {file: "x.deb", content: deb(t, "control.tar.gz", control)[:200], err: "x.deb: it is no Debian package"},
		"of the wrong size": {file: "x.deb", content: []byte("!<arch>\n" + fmt.Sprintf("%-48s%-10s`\n", "control.tar", "-1")), err: "x.deb: it is no Debian package"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadPackage(c.file, c.content)
			if c.err == "" {
				c.want.SHA256 = SHA256(c.content)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func FuzzReadPackage(f *testing.F) {
	f.Add([]byte("!<arch>\n" + fmt.Sprintf("%-48s%-10d`\n", "control.tar", 4) + "abcd"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if p, err := ReadPackage("x.deb", content); err == nil && (p.Version == "" || p.Architecture == "") {
			t.Errorf("got %+v", p)
		}
	})
}
