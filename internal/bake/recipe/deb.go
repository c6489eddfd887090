package recipe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"bluegreen/internal/pattern"
)

// AgentPackage is the name of the agent's Debian package.
const AgentPackage = "bluegreen-agent"

var debName = pattern.Lazy(`^([a-z0-9][a-z0-9+.-]+)_([0-9][A-Za-z0-9.+~-]*)_([a-z0-9-]+)\.deb$`)

// Package is the Debian package of the agent.
type Package struct {
	Version      string
	Architecture string // Debian's word: "amd64", "arm64" or "all"
	SHA256       string // in hex
}

// ReadPackage is what a Debian package says of itself. Of one whose control file is packed in a way that is not known here,
// the file's name has to say it.
func ReadPackage(file string, content []byte) (Package, error) {
	p := Package{SHA256: SHA256(content)}
	fields, err := control(content)
	if errors.Is(err, errPacking) {
		name := debName().FindStringSubmatch(path.Base(file))
		if name == nil {
			return Package{}, fmt.Errorf("%s: %w, and the file is not named like bluegreen-agent_1.2.0_amd64.deb", file, err)
		}
		fields, err = map[string]string{"Package": name[1], "Version": name[2], "Architecture": name[3]}, nil
	}
	if err != nil {
		return Package{}, fmt.Errorf("%s: %w", file, err)
	}
	p.Version, p.Architecture = fields["Version"], fields["Architecture"]
	switch {
	case fields["Package"] != AgentPackage:
		return Package{}, fmt.Errorf("%s: it is a package of %q, not of %s", file, fields["Package"], AgentPackage)
	case p.Version == "" || p.Architecture == "":
		return Package{}, fmt.Errorf("%s: it does not say its version and architecture", file)
	}
	return p, nil
}

var (
	errPacking = errors.New("its control file is packed by xz or zstd")
	errNoDeb   = errors.New("it is no Debian package")
)

const arHeader = 60

// control are the fields of the control file: see deb(5).
func control(content []byte) (map[string]string, error) {
	rest, ok := bytes.CutPrefix(content, []byte("!<arch>\n"))
	for ok && len(rest) >= arHeader {
		name := strings.TrimRight(string(rest[:16]), " /")
		size, err := strconv.Atoi(strings.TrimSpace(string(rest[48:58])))
		rest = rest[arHeader:]
		if err != nil || size < 0 || size > len(rest) {
			return nil, errNoDeb
		}
		member := rest[:size]
		rest = rest[min(size+size%2, len(rest)):]
		switch {
		case name == "control.tar":
			return controlIn(bytes.NewReader(member))
		case name == "control.tar.gz":
			unzipped, err := gzip.NewReader(bytes.NewReader(member))
			if err != nil {
				return nil, errNoDeb
			}
			return controlIn(unzipped)
		case strings.HasPrefix(name, "control.tar."):
			return nil, errPacking
		}
	}
	return nil, errNoDeb
}

// maxControl bounds a control file, in bytes.
const maxControl = 64 << 10

func controlIn(archive io.Reader) (map[string]string, error) {
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		if err != nil {
			return nil, errNoDeb
		}
		if path.Clean(header.Name) != "control" {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(r, maxControl))
		if err != nil {
			return nil, errNoDeb
		}
		fields := map[string]string{}
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
				fields[key] = strings.TrimSpace(value)
			}
		}
		return fields, nil
	}
}
