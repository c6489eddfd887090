package main

import (
	"debug/buildinfo"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// component is a module, or the standard library, that is linked into a program.
type component struct {
	path    string // import path; "std" for the standard library
	version string
	sum     string // as in go.sum; empty for the standard library
	dir     string // its source, with its licence
}

// program is a binary of the package.
type program struct {
	file  string
	parts []component // sorted by path
}

func readPrograms(files []string) ([]program, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("want one binary or more")
	}
	cache, err := goEnv("GOMODCACHE")
	if err != nil {
		return nil, err
	}
	var programs []program
	for _, file := range files {
		p, err := readProgram(file, cache)
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
	}
	return programs, nil
}

func readProgram(file, cache string) (program, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return program{}, fmt.Errorf("read what %s was built from: %w", file, err)
	}
	root, err := goEnv("GOROOT")
	if err != nil {
		return program{}, err
	}
	p := program{file: file, parts: []component{{path: "std", version: strings.TrimPrefix(info.GoVersion, "go"), dir: root}}}
	for _, dep := range info.Deps {
		part, err := fromCache(dep, cache)
		if err != nil {
			return program{}, fmt.Errorf("%s: %w", file, err)
		}
		p.parts = append(p.parts, part)
	}
	slices.SortFunc(p.parts, byPath)
	return p, nil
}

func fromCache(dep *debug.Module, cache string) (component, error) {
	if dep.Replace != nil {
		dep = dep.Replace
	}
	path, err := module.EscapePath(dep.Path)
	if err != nil {
		return component{}, fmt.Errorf("module %s: %w", dep.Path, err)
	}
	version, err := module.EscapeVersion(dep.Version)
	if err != nil {
		return component{}, fmt.Errorf("module %s: %w", dep.Path, err)
	}
	dir := filepath.Join(cache, path+"@"+version)
	if _, err := os.Stat(dir); err != nil {
		return component{}, fmt.Errorf("source of module %s: %w", dep.Path, err)
	}
	return component{path: dep.Path, version: dep.Version, sum: dep.Sum, dir: dir}, nil
}

// parts are the components of all programs, sorted, each once.
func parts(programs []program) []component {
	var all []component
	for _, p := range programs {
		all = append(all, p.parts...)
	}
	slices.SortFunc(all, byPath)
	return slices.Compact(all)
}

func byPath(a, b component) int { return strings.Compare(a.path+"@"+a.version, b.path+"@"+b.version) }

// goEnv asks the go command, whose answer may come from its own configuration file.
func goEnv(name string) (string, error) {
	command := filepath.Join(build.Default.GOROOT, "bin", "go")
	if _, err := os.Stat(command); err != nil {
		command = "go"
	}
	out, err := exec.Command(command, "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
