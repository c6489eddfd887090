package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Material is what files of this machine bring into an AMI.
type Material struct {
	Package []byte // the agent's; nil for none
	Agent   []byte // its settings; nil for none
	Files   []Piece
	Scripts []Piece // in the order in which they run
}

// Piece is a file of the material.
type Piece struct {
	Name    string // of a file: the path on the AMI; of a script: its name here, without folders
	Mode    Mode
	Content []byte
}

// Material reads the files that the settings name, and all those in the folders that they name.
func (s Settings) Material() (Material, error) {
	var m Material
	var err error
	if s.Agent.Package != "" {
		if m.Package, err = os.ReadFile(s.Agent.Package); err != nil {
			return m, fmt.Errorf("read the agent's package: %w", err)
		}
	}
	if s.Agent.Settings != "" {
		if m.Agent, err = os.ReadFile(s.Agent.Settings); err != nil {
			return m, fmt.Errorf("read the agent's settings: %w", err)
		}
	}
	for _, f := range s.Build.Files {
		pieces, err := f.pieces()
		if err != nil {
			return m, fmt.Errorf("read what goes to %s: %w", f.Target, err)
		}
		m.Files = append(m.Files, pieces...)
	}
	for _, name := range s.Build.Scripts {
		content, err := os.ReadFile(name)
		if err != nil {
			return m, fmt.Errorf("read a script: %w", err)
		}
		m.Scripts = append(m.Scripts, Piece{Name: filepath.Base(name), Mode: runnable, Content: content})
	}
	return m, nil
}

const (
	runnable Mode = 0o755
	plain    Mode = 0o644
)

// pieces are the file, or those in the folder, in the order of their names.
func (f File) pieces() (pieces []Piece, err error) {
	err = filepath.WalkDir(f.Source, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(name) // of what a link leads to: the file is what is meant
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is neither a file nor a folder, or a link to a folder", name)
		}
		below, err := filepath.Rel(f.Source, name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		pieces = append(pieces, Piece{Name: path.Join(f.Target, filepath.ToSlash(below)), Mode: f.mode(info.Mode()), Content: content})
		return nil
	})
	return pieces, err
}

func (f File) mode(here fs.FileMode) Mode {
	switch {
	case f.Mode != 0:
		return f.Mode
	case here&0o100 != 0:
		return runnable
	}
	return plain
}

// reason is an error without the operation and the path, which stand beside it.
func reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
