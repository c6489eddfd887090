package machine

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
)

// file is one to be put on an instance's disk before it boots. Everything belongs to the superuser.
type file struct {
	path    string // absolute
	mode    int64  // 0o644 when zero
	content string
	link    string // what a symbolic link names; there is no content then
}

// archive packs files for an engine to unpack at the root. Directories that are missing are made by it.
func archive(files []file) (io.Reader, error) {
	var packed bytes.Buffer
	out := tar.NewWriter(&packed)
	for _, f := range files {
		header := &tar.Header{Name: strings.TrimPrefix(f.path, "/"), Typeflag: tar.TypeReg, Mode: f.mode, Size: int64(len(f.content))}
		if f.mode == 0 {
			header.Mode = 0o644
		}
		if f.link != "" {
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, f.link, 0o777
		}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(out, f.content); err != nil {
			return nil, err
		}
	}
	return &packed, out.Close()
}
