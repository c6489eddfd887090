package secret_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/secret"
	"bluegreen/internal/aws/sealed"
)

// planted is in every secret of these tests, and must not be seen anywhere else.
const planted = "hunter2"

// store is where secrets are kept.
type store struct {
	mu      sync.Mutex
	version map[string]int
	down    error
	asked   int
}

func (s *store) fetch(name string) func(context.Context) (secret.Value, error) {
	return func(context.Context) (secret.Value, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		if s.down != nil {
			return secret.Value{}, s.down
		}
		v := s.version[name]
		return secret.Value{Text: sealed.New(text(name, v)), Version: fmt.Sprint(v)}, nil
	}
}

func (s *store) rotate(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version[name]++
}

func (s *store) set(down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func text(name string, version int) string { return fmt.Sprintf("%s-%s-%d", planted, name, version) }

// bench is a keeper of three secrets: one of each kind.
type bench struct {
	*secret.Keeper
	store *store
	dir   string
	log   *bytes.Buffer
}

// memory makes a directory that is on a tmpfs, without which there is no test.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "bluegreen") //nolint:usetesting // t.TempDir is on a disk
	if err != nil {
		t.Skipf("this test needs a tmpfs at /dev/shm: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "secrets", "shop")
}

func newBench(t *testing.T, s *store, dir string, change ...func(*secret.Options)) *bench {
	t.Helper()
	b := &bench{store: s, dir: dir, log: &bytes.Buffer{}}
	o := secret.Options{
		Dir: dir,
		Secrets: map[string]secret.Secret{
			"db":    {From: "ssm:/db", Fetch: s.fetch("db"), File: "db.txt", Restart: true, Refresh: 5 * time.Minute},
			"key":   {From: "ssm:/key", Fetch: s.fetch("key"), File: "key.pem", Refresh: time.Minute},
			"TOKEN": {From: "ssm:/token", Fetch: s.fetch("TOKEN"), Env: true},
		},
		Rand: func() float64 { return 0.5 },
		Log:  slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if b.Keeper, err = secret.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(b.log.String(), planted) {
			t.Errorf("a secret is in the log:\n%s", b.log)
		}
	})
	return b
}

func me(string) secret.Access { return secret.Access{UID: os.Getuid(), GID: os.Getgid()} }

func (b *bench) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// file is all that there is to be seen of one.
type file struct {
	Name, Text string
	Mode       fs.FileMode
	UID        uint32
}

func (b *bench) files(t *testing.T) (all []file) {
	t.Helper()
	entries, err := os.ReadDir(b.dir)
	b.must(t, err)
	for _, e := range entries {
		info, err := e.Info()
		b.must(t, err)
		data, err := os.ReadFile(filepath.Join(b.dir, e.Name()))
		b.must(t, err)
		all = append(all, file{e.Name(), string(data), info.Mode(), info.Sys().(*syscall.Stat_t).Uid})
	}
	return all
}

func TestFiles(t *testing.T) {
	b := newBench(t, &store{version: map[string]int{}}, memory(t))
	b.must(t, b.Rewrite()) // nobody has said whose they are: nothing happens
	b.must(t, b.Fetch(t.Context()))
	uid := os.Getuid()
	if uid == 0 {
		uid = 1000
	}
	b.must(t, b.Write(func(name string) secret.Access {
		if name == "key" {
			return secret.Access{UID: uid, GID: os.Getgid(), Mode: 0o440}
		}
		return me(name)
	}))
	want := []file{{"db.txt", text("db", 0), 0o400, uint32(os.Getuid())}, {"key.pem", text("key", 0), 0o440, uint32(uid)}}
	if diff := cmp.Diff(want, b.files(t)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(b.dir); err != nil || info.Mode().Perm() != 0o711 {
		t.Errorf("the directory is %v, %v", info.Mode(), err)
	}
	if diff := cmp.Diff(map[string]string{"db": "ssm:/db 0", "TOKEN": "ssm:/token"}, b.Versions()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"TOKEN": text("TOKEN", 0)}, b.Env()); diff != "" {
		t.Error(diff)
	}
	notes, err := os.ReadFile(b.dir + ".json")
	b.must(t, err)
	if strings.Contains(string(notes), planted) {
		t.Errorf("a secret is in the notes: %s", notes)
	}
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// A file is replaced when it changes, and only then; whoever has it open keeps what was there.
func TestReplacement(t *testing.T) {
	b := newBench(t, &store{version: map[string]int{}}, memory(t))
	b.must(t, b.Fetch(t.Context()))
	b.must(t, b.Write(me))
	path := filepath.Join(b.dir, "db.txt")
	before := inode(t, path)
	open, err := os.Open(path)
	b.must(t, err)
	defer open.Close()
	b.must(t, os.WriteFile(filepath.Join(b.dir, ".new-db.txt"), []byte("half"), 0o600)) // somebody was killed
	b.must(t, b.Rewrite())
	if inode(t, path) != before {
		t.Error("it was replaced without a reason")
	}
	b.store.rotate("db")
	b.must(t, b.Fetch(t.Context()))
	b.must(t, b.Rewrite())
	if inode(t, path) == before {
		t.Error("it was changed in place")
	}
	held := make([]byte, 100)
	n, _ := open.Read(held)
	if got := string(held[:n]); got != text("db", 0) {
		t.Errorf("an open file has changed: %q", got)
	}
	want := []file{{"db.txt", text("db", 1), 0o400, uint32(os.Getuid())}, {"key.pem", text("key", 0), 0o400, uint32(os.Getuid())}}
	if diff := cmp.Diff(want, b.files(t)); diff != "" {
		t.Error(diff)
	}
}

func TestPrune(t *testing.T) {
	b := newBench(t, &store{version: map[string]int{}}, memory(t))
	b.must(t, b.Prune()) // there is no directory yet
	b.must(t, b.Fetch(t.Context()))
	b.must(t, b.Write(me))
	for _, stale := range []string{"old.txt", ".new-old.txt"} {
		b.must(t, os.WriteFile(filepath.Join(b.dir, stale), []byte(planted), 0o400))
	}
	b.must(t, b.Prune())
	var names []string
	for _, f := range b.files(t) {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"db.txt", "key.pem"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestNotOnDisk(t *testing.T) {
	b := newBench(t, &store{version: map[string]int{}}, filepath.Join(t.TempDir(), "shop"),
		func(o *secret.Options) { o.Memory = func(string) (bool, error) { return false, nil } })
	b.must(t, b.Fetch(t.Context()))
	if err := b.Write(me); err == nil || !strings.Contains(err.Error(), "is on a disk") {
		t.Errorf("%v", err)
	}
	if files := b.files(t); len(files) > 0 {
		t.Errorf("written all the same: %v", files)
	}
}

// TestFileSystem asks the kernel: /proc is surely no memory that secrets could be on, and /dev/shm is.
func TestFileSystem(t *testing.T) {
	b := newBench(t, &store{version: map[string]int{}}, memory(t))
	b.must(t, b.Fetch(t.Context()))
	b.must(t, b.Write(me))
	link := filepath.Join(t.TempDir(), "shop")
	b.must(t, os.Symlink(b.dir, link))
	c := newBench(t, b.store, link)
	c.must(t, c.Fetch(t.Context()))
	if err := c.Write(me); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("a link was followed: %v", err)
	}
	d := newBench(t, b.store, "/proc/self/task")
	d.must(t, d.Fetch(t.Context()))
	if err := d.Write(me); err == nil || !strings.Contains(err.Error(), "is on a disk") {
		t.Errorf("%v", err)
	}
}

// An agent that starts while nothing can be asked goes on with what the one before it has written.
func TestOutage(t *testing.T) {
	s, dir := &store{version: map[string]int{"db": 3, "key": 4}}, memory(t)
	noEnv := func(o *secret.Options) { delete(o.Secrets, "TOKEN") }
	first := newBench(t, s, dir, noEnv)
	first.must(t, first.Fetch(t.Context()))
	first.must(t, first.Write(me))

	s.set(errors.New("throttled"))
	second := newBench(t, s, dir, noEnv)
	second.must(t, second.Fetch(t.Context()))
	if diff := cmp.Diff(map[string]string{"db": "ssm:/db 3"}, second.Versions()); diff != "" {
		t.Error(diff)
	}
	second.must(t, second.Write(me))
	if got := second.files(t)[0].Text; got != text("db", 3) {
		t.Errorf("it holds %q", got)
	}

	third := newBench(t, s, dir, noEnv, func(o *secret.Options) {
		moved := o.Secrets["db"]
		moved.From = "ssm:/other"
		o.Secrets["db"] = moved
	})
	if err := third.Fetch(t.Context()); err == nil || err.Error() != "secret db: throttled" {
		t.Errorf("what is from elsewhere does not do: %v", err)
	}
	fourth := newBench(t, s, dir)
	if err := fourth.Fetch(t.Context()); err == nil || err.Error() != "secret TOKEN: throttled" {
		t.Errorf("a variable is nowhere: %v", err)
	}
}

func TestFaults(t *testing.T) {
	fetch := (&store{}).fetch("x")
	for name, c := range map[string]struct {
		options secret.Options
		want    string
	}{
		"no way":    {secret.Options{Secrets: map[string]secret.Secret{"a": {}}}, "secret a: there is no way to get it"},
		"no dir":    {secret.Options{Secrets: map[string]secret.Secret{"a": {Fetch: fetch, File: "a"}}}, "secrets with files need a directory"},
		"path":      {secret.Options{Dir: "/d", Secrets: map[string]secret.Secret{"a": {Fetch: fetch, File: "../a"}}}, `secret a: "../a" is not the name of a file`},
		"temporary": {secret.Options{Dir: "/d", Secrets: map[string]secret.Secret{"a": {Fetch: fetch, File: ".new-a"}}}, `secret a: ".new-a" is not the name of a file`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := secret.New(c.options); err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if _, err := secret.New(secret.Options{Dir: "/d", Secrets: map[string]secret.Secret{
		"a": {Fetch: fetch, File: "x"}, "b": {Fetch: fetch, File: "x"},
	}}); err == nil || !strings.Contains(err.Error(), "have the same file x") {
		t.Errorf("%v", err)
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	b := newBench(t, &store{version: map[string]int{}, down: context.Canceled}, memory(t))
	if err := b.Fetch(ctx); err == nil || err.Error() != "interrupted" {
		t.Errorf("%v", err)
	}
}
