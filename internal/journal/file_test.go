package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a process that died has left aside is not read, and does not stand in the way.
func TestFilesOfADeadProcess(t *testing.T) {
	dir := t.TempDir()
	s := InFiles(dir, app)
	mustAppend(t, s, record(1, 0, "x"))
	epoch := filepath.Join(dir, app, "deployments", run, "000002")
	for _, err := range []error{
		os.MkdirAll(epoch, 0o700),
		os.WriteFile(filepath.Join(epoch, ".writing-123"), []byte(`{"v":1`), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	mustBeLatest(t, s, record(1, 0, "x"))
	mustAppend(t, s, record(2, 0, "x"))
	mustBeLatest(t, s, record(2, 0, "x"))
	left, err := filepath.Glob(filepath.Join(epoch, ".*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left aside: %v, %v", left, err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	mustAppend(t, InFiles(dir, app), record(1, 0, "x"))
	err := filepath.WalkDir(filepath.Join(dir, app), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A directory that cannot be used is an error, not an empty journal.
func TestDirectoryThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, app), []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := InFiles(dir, app)
	if err := s.Append(t.Context(), record(1, 0, "x")); !strings.HasPrefix(text(err), "make the journal's directory: ") {
		t.Errorf("append: %v", err)
	}
	if _, err := s.Latest(t.Context(), run); !strings.HasPrefix(text(err), "list the journal of "+run+": ") {
		t.Errorf("latest: %v", err)
	}
}

// The name of a directory is a name, not a pattern.
func TestDirectoryWithBrackets(t *testing.T) {
	s := InFiles(filepath.Join(t.TempDir(), "[prod]*"), app)
	mustAppend(t, s, record(1, 0, "x"))
	mustBeLatest(t, s, record(1, 0, "x"))
}
