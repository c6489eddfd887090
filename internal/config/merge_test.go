package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// layered are settings with the types that the settings of one file do without.
type layered struct {
	Image  string            `toml:"image"`
	Memory Size              `toml:"memory"`
	Wait   time.Duration     `toml:"wait"`
	Names  []string          `toml:"names"`
	Env    map[string]string `toml:"env"`
	Limits map[string]Size   `toml:"limits"`
	Users  map[string]user   `toml:"users"`
	Mounts []user            `toml:"mounts"`
	Key    key               `toml:"key"`
}

type user struct {
	Name  string `toml:"name"`
	Shell string `toml:"shell"`
	Key   key    `toml:"key"`
}

// key is a secret's place, and refuses the secret itself.
type key string

func (k *key) Set(value any) error {
	text, _ := value.(string)
	if !strings.HasPrefix(text, "ssm:") {
		return errors.New("must begin with ssm:")
	}
	*k = key(text)
	return nil
}

func (k key) Conceal() {}

func (user) Unknown(key string) string {
	if key == "password" {
		return "is not for files: put it in Parameter Store"
	}
	return ""
}

// merge writes files and merges them, and takes their directory out of what it says.
func merge(t testing.TB, check Check, into any, texts ...string) (error, error) {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, text := range texts {
		file := filepath.Join(dir, string(rune('a'+i))+".toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	faults, err := Merge(into, check, files...)
	short := func(err error) error {
		if err == nil {
			return nil
		}
		return errors.New(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
	}
	return short(faults.Err()), short(err)
}

// Later files replace keys and lists, and merge tables; a table of the defaults stays as it was.
func TestMerge(t *testing.T) {
	defaults := map[string]string{"A": "default", "B": "default"}
	got := layered{Image: "none", Wait: time.Minute, Env: defaults, Names: []string{"x", "y", "z"}}
	faults, err := merge(t, nil, &got, `
		image = "one"
		memory = "512MiB"
		names = ["a", "b"]
		env.A = "first"
		env."a b" = "first"
		[limits]
		"/tmp" = "1.5GiB"
		[users.app]
		name = "one"
		shell = "/bin/sh"
		[[mounts]]
		name = "one"
	`, ``, `
		image = "three"
		wait = "90s"
		names = ["c"]
		env = {A = "third", C = "third"}
		users.app.name = "three"
		users.other.key = "ssm:/key"
		[[mounts]]
		shell = "three"
	`)
	if err != nil || faults != nil {
		t.Fatal(err, faults)
	}
	want := layered{
		Image: "three", Memory: 512 * MiB, Wait: 90 * time.Second, Names: []string{"c"},
		Env:    map[string]string{"A": "third", "B": "default", "C": "third", "a b": "first"},
		Limits: map[string]Size{"/tmp": 3 * GiB / 2},
		Users:  map[string]user{"app": {Name: "three", Shell: "/bin/sh"}, "other": {Key: "ssm:/key"}},
		Mounts: []user{{Shell: "three"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"A": "default", "B": "default"}, defaults); diff != "" {
		t.Errorf("the defaults have changed:\n%s", diff)
	}
}

func TestMergeFaults(t *testing.T) {
	braces := func(_ string, value any) string {
		if text, ok := value.(string); ok && strings.Contains(text, "{{") {
			return "is filled in by nobody"
		}
		return ""
	}
	for name, c := range map[string]struct {
		texts []string
		want  string
	}{
		"each says its file": {[]string{"image = 1\nextra = 2", "wait = 5\n[users.app]\nage = 3"}, `the configuration: 4 faults
  a.toml: extra: unknown key; known here: env, image, key, limits, memory, mounts, names, users, wait
  a.toml: image: must be a text in quotes (got 1)
  b.toml: users.app.age: unknown key; known here: key, name, shell
  b.toml: wait: must be a time span such as "90s" or "5m" (got 5)`},
		"one file is named once": {[]string{`memory = "512MB"`}, `a.toml: 1 fault
  memory: must be a size such as "512MiB" or "1.5GiB" (got "512MB")`},
		"tables that are none": {[]string{"env = 1\nlimits = [\"/tmp\"]\nusers.app = \"root\""}, `a.toml: 3 faults
  env: must be a table (got 1)
  limits: must be a table (got ["/tmp"])
  users.app: must be a table (what stands there is not shown)`},
		"entries of maps": {[]string{"env.A = 1\nlimits.\"/a.b\" = 5"}, `a.toml: 2 faults
  env.A: must be a text in quotes (got 1)
  limits."/a.b": must be a size such as "512MiB" or "1.5GiB" (got 5)`},
		"a secret is not shown": {[]string{"key = \"hunter2\"\n[users]\nroot = {key = 2222}\n[[mounts]]\nkey = \"hunter2\"", "mounts = \"hunter2\""}, `the configuration: 4 faults
  a.toml: key: must begin with ssm: (what stands there is not shown)
  a.toml: mounts[0].key: must begin with ssm: (what stands there is not shown)
  a.toml: users.root.key: must begin with ssm: (what stands there is not shown)
  b.toml: mounts: must be a list (what stands there is not shown)`},
		"a table explains what it does not have": {[]string{"users.app = {password = \"hunter2\", age = 3}"}, `a.toml: 2 faults
  users.app.age: unknown key; known here: key, name, shell
  users.app.password: is not for files: put it in Parameter Store`},
		"the check goes first": {[]string{"image = \"{{image}}\"\nmemory = \"{{memory}}\"\nnames = [\"a\", \"{{b}}\"]\nenv.A = \"{{a}}\"\nkey = \"{{key}}\""}, `a.toml: 5 faults
  env.A: is filled in by nobody (got "{{a}}")
  image: is filled in by nobody (got "{{image}}")
  key: is filled in by nobody (what stands there is not shown)
  memory: is filled in by nobody (got "{{memory}}")
  names[1]: is filled in by nobody (got "{{b}}")`},
	} {
		t.Run(name, func(t *testing.T) {
			faults, err := merge(t, braces, &layered{}, c.texts...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, message(faults)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every file that is none is an error at once.
func TestMergeFilesThatAreNone(t *testing.T) {
	_, err := merge(t, nil, &layered{}, "image = \n", "image = \"x\"", "\n= 1")
	lines := strings.Split(message(err), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "a.toml: line 1: ") || !strings.HasPrefix(lines[1], "c.toml: line 2: ") {
		t.Errorf("got %v", err)
	}
	if _, err := Merge(&layered{}, nil, filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// A fault that is found later says where the value is from: the last file that set it, and the file of a whole list.
func TestFaultsSayWhereValuesAreFrom(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	faults, err := Merge(&layered{}, nil,
		write("a", "image = \"x\"\nnames = [\"1\", \"2\"]\nlimits.\"/a[b]\" = \"1KiB\"\n[users.app]\nname = \"a\"\nshell = \"a\"\n[[mounts]]\nname = \"a\"\n[[mounts]]\n"),
		write("b", "image = \"y\"\nnames = [\"3\"]\nusers.app.name = \"b\"\n[[mounts]]\nshell = \"x\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	faults.From("wait", "a tag")
	got := map[string]string{}
	for _, path := range []string{
		"image", "names", "names[0]", "mounts[0].name", "users.app.name", "users.app.shell", `limits."/a[b]"`, "wait", "memory",
	} {
		faults.Add(path, nil, "x")
		got[path] = strings.TrimPrefix(faults.Faults[len(faults.Faults)-1].File, dir+string(filepath.Separator))
	}
	want := map[string]string{
		"image": "b", "names": "b", "names[0]": "b", "mounts[0].name": "b", "users.app.name": "b", "users.app.shell": "a",
		`limits."/a[b]"`: "a", "wait": "a tag", "memory": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHas(t *testing.T) {
	f := &Faults{}
	f.Add("a.b[1].c", nil, "x")
	for path, want := range map[string]bool{"a": true, "a.b": true, "a.b[1]": true, "a.b[1].c": true, "a.b[1].c.d": false, "a.b[2]": false, "a.bc": false, "b": false} {
		if f.Has(path) != want {
			t.Errorf("%s: got %v", path, !want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0B": 0, "1B": 1, "1023B": 1023, "1KiB": KiB, "512MiB": 512 * MiB, "1536MiB": 1536 * MiB, "2GiB": 2 * GiB, "3TiB": 3 * TiB,
	} {
		got, err := ParseSize(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %d, %v, written as %s", text, got, err, got)
		}
	}
	if got, err := ParseSize("1.5GiB"); err != nil || got.String() != "1536MiB" || got.Bytes() != 1536<<20 {
		t.Errorf("1.5GiB: got %s, %v", got, err)
	}
	for _, text := range []string{"", "1", "512m", "512MB", "MiB", "-1MiB", "+1MiB", "1e3MiB", "1.5.5GiB", " 1MiB", "infB", "NaNB", "0x1KiB", "8388608TiB", ".MiB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

// Whatever sizes are read, what they are written as is read as the same.
func FuzzSize(f *testing.F) {
	f.Add("1.5GiB")
	f.Add("8388607.9999TiB")
	f.Fuzz(func(t *testing.T, text string) {
		size, err := ParseSize(text)
		if err != nil {
			return
		}
		again, err := ParseSize(size.String())
		if size < 0 || err != nil || again != size {
			t.Errorf("%q is %d, written as %s, read as %d, %v", text, size, size, again, err)
		}
	})
}
