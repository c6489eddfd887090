package recipe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Where the agent finds its settings. Files of user data come later, and go over them.
const (
	ownSettings  = "agent/10-amibake.toml"
	userSettings = "agent/20-app.toml"
)

// Cargo is what the builder needs beside the agent's package.
type Cargo struct {
	App      string
	Image    string // as in Inputs
	Settings []byte // the agent's, beside the app and the image; nil for none
	Files    []Piece
	Scripts  []Piece
}

// Bundle is an archive of it. It is the same, byte for byte, for the same cargo.
func (c Cargo) Bundle() ([]byte, error) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	entries, err := c.entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		header := &tar.Header{Name: e.Name, Mode: int64(e.Mode), Size: int64(len(e.Content)), Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Name, err)
		}
		if _, err := archive.Write(e.Content); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack the files: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("pack the files: %w", err)
	}
	return packed.Bytes(), nil
}

// entries are the files by their names in the archive. There are no folders among them: those that are missing on the AMI are
// made, and those that are there stay as they are.
func (c Cargo) entries() ([]Piece, error) {
	entries := []Piece{{ownSettings, 0o644, []byte(
		"# Written by amibake. User data goes over this.\n" +
			"app = " + strconv.Quote(c.App) + "\nimage = " + strconv.Quote(c.Image) + "\n",
	)}}
	if c.Settings != nil {
		entries = append(entries, Piece{userSettings, 0o644, c.Settings})
	}
	taken := map[string]bool{}
	for _, f := range c.Files {
		if !path.IsAbs(f.Name) || path.Clean(f.Name) != f.Name || f.Name == "/" {
			return nil, fmt.Errorf("the file %q has no absolute path", f.Name)
		}
		if taken[f.Name] {
			return nil, fmt.Errorf("two files are to be %s", f.Name)
		}
		taken[f.Name] = true
		entries = append(entries, Piece{"files" + f.Name, f.Mode, f.Content})
	}
	for i, s := range c.Scripts {
		if s.Name == "" || strings.ContainsAny(s.Name, "/\x00\n") {
			return nil, fmt.Errorf("the script %q has no name", s.Name)
		}
		entries = append(entries, Piece{fmt.Sprintf("scripts/%03d-%s", i+1, s.Name), s.Mode | 0o500, s.Content})
	}
	return entries, nil
}
