package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// described is a tag as `git describe --tags --always --dirty` extends it: commits since then, and local changes.
var described = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.]+?))??(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)

// bare is what `git describe` says where no tag is.
var bare = regexp.MustCompile(`^([0-9a-f]{7,40})(-dirty)?$`)

// writeVersion writes the Debian version of a source version, so that releases, candidates for them and what is built between
// two of them sort as they came to be.
func writeVersion(w io.Writer, a about, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("version: want one version, got %q", args)
	}
	version, err := debianVersion(args[0], a)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, version)
	return err
}

func debianVersion(source string, a about) (string, error) {
	if m := described.FindStringSubmatch(source); m != nil {
		version := m[1]
		if m[2] != "" {
			version += "~" + m[2]
		}
		if m[3] != "" {
			version += "+" + m[3] + ".g" + m[4]
		}
		return version + strings.Replace(m[5], "-", "+", 1), nil
	}
	if m := bare.FindStringSubmatch(source); m != nil {
		return "0.0.0~git" + a.date.Format("20060102") + "." + m[1] + strings.Replace(m[2], "-", "+", 1), nil
	}
	if source == "dev" { // no git, no tag
		return "0.0.0~dev", nil
	}
	return "", fmt.Errorf("version: %q is neither a version, as in v1.2.3, nor what git describe makes of one", source)
}
