package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// The file systems that are in memory, as statfs calls them.
const (
	tmpfs = 0x01021994
	ramfs = 0x858458f6
)

func inMemory(dir string) (bool, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return false, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	kind := uint32(st.Type) // some architectures have it with a sign
	return kind == tmpfs || kind == ramfs, nil
}

// Write writes the files of all secrets, for those who may read them. A file is there as a whole or not at all, and one that
// is right already is left alone. What else is in the directory stays until Prune.
func (k *Keeper) Write(access func(name string) Access) error {
	k.mu.Lock()
	k.access = access
	k.mu.Unlock()
	return k.Rewrite()
}

// Rewrite is Write for the same readers as the last time. Without a last time it does nothing.
func (k *Keeper) Rewrite() error {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	all, access := maps.Clone(k.held), k.access
	k.mu.Unlock()
	if access == nil || !k.HasFiles() {
		return nil
	}
	dir, err := k.open()
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // nothing is written through it
	for _, name := range slices.Sorted(maps.Keys(k.options.Secrets)) {
		s := k.options.Secrets[name]
		h, known := all[name]
		if s.File == "" {
			continue
		}
		if !known {
			return fmt.Errorf("write secret %s: it is not known yet", name)
		}
		if err := writeFile(dir, s.File, []byte(h.value.Text.Reveal()), access(name)); err != nil {
			return fmt.Errorf("write secret %s: %w", name, err)
		}
	}
	return k.note(all)
}

// open makes the directory and opens it, if it is in memory: nothing that is written to a disk is ever quite gone.
func (k *Keeper) open() (*os.Root, error) {
	path := k.options.Dir
	// Whoever has a file may get to it; nobody may list them.
	if err := os.MkdirAll(path, 0o711); err != nil {
		return nil, fmt.Errorf("make the directory for secrets: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("open the directory for secrets: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory: remove it", path)
	}
	memory, err := k.options.Memory(path)
	if err != nil {
		return nil, fmt.Errorf("open the directory for secrets: %w", err)
	}
	if !memory {
		return nil, fmt.Errorf("%s is on a disk, where secrets do not belong: mount a tmpfs there", path)
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the directory for secrets: %w", err)
	}
	if err := dir.Chmod(".", 0o711); err != nil { // whatever the umask says
		_ = dir.Close()
		return nil, fmt.Errorf("open the directory for secrets: %w", err)
	}
	return dir, nil
}

// temporary is the beginning of the names of files that are not complete.
const temporary = ".new-"

// writeFile puts a file in place at once, with its owner and mode.
func writeFile(dir *os.Root, name string, text []byte, a Access) (err error) {
	if a.Mode == 0 {
		a.Mode = 0o400
	}
	if same(dir, name, text, a) {
		return nil
	}
	fresh := temporary + name
	if err := dir.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) { // somebody was killed in the middle
		return err
	}
	f, err := dir.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chown(a.UID, a.GID), f.Chmod(a.Mode), f.Close())
	if err == nil {
		err = dir.Rename(fresh, name)
	}
	if err != nil {
		return errors.Join(err, dir.Remove(fresh))
	}
	return nil
}

func same(dir *os.Root, name string, text []byte, a Access) bool {
	info, err := dir.Lstat(name)
	if err != nil || info.Mode() != a.Mode {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != a.UID || int(owner.Gid) != a.GID {
		return false
	}
	have, err := dir.ReadFile(name)
	return err == nil && bytes.Equal(have, text)
}

// Prune removes what is in the directory and is not of these secrets. To be called when no container needs it any more: one
// that is put back finds its files only if they are there.
func (k *Keeper) Prune() error {
	k.writing.Lock()
	defer k.writing.Unlock()
	entries, err := os.ReadDir(k.options.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove old secrets: %w", err)
	}
	wanted := map[string]bool{}
	for _, s := range k.options.Secrets {
		wanted[s.File] = true
	}
	for _, e := range entries {
		if wanted[e.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(k.options.Dir, e.Name())); err != nil {
			return fmt.Errorf("remove old secrets: %w", err)
		}
		k.options.Log.Info("Removed an old secret", "file", e.Name())
	}
	return nil
}

func replace(path string, text []byte) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
