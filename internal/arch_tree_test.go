package internal_test

import (
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tree is what a source tree imports. It is read from the files, build tags or not, and not from `go list`: a child
// process is invisible to the test cache, which would go on to say "ok" after a new import broke a rule.
type tree struct {
	requires []string              // module paths in go.mod
	imports  map[string][]imported // by package, as a path in the tree
}

// imported is one import by a file that is not a test.
type imported struct {
	file string
	path string // in the tree for a package of this module, an import path otherwise
}

func readTree(fsys fs.FS) (tree, error) {
	module, requires, err := readGoMod(fsys)
	if err != nil {
		return tree{}, err
	}
	found := tree{requires: requires, imports: map[string][]imported{}}
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return enter(fsys, name)
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		return found.addFile(fsys, module, name)
	})
	return found, err
}

// enter skips the folders that hold no packages of this module.
func enter(fsys fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	if _, err := fs.Stat(fsys, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (t tree) addFile(fsys fs.FS, module, name string) error {
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return err
	}
	pkg := path.Dir(name)
	imports := t.imports[pkg] // appended to even if nothing is imported: the package exists
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		imports = append(imports, imported{file: name, path: strings.TrimPrefix(target, module+"/")})
	}
	t.imports[pkg] = imports
	return nil
}

func readGoMod(fsys fs.FS) (module string, requires []string, err error) {
	content, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return "", nil, err
	}
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		switch {
		case len(words) < 2:
		case words[0] == "module":
			module = words[1]
		case strings.HasPrefix(words[1], "v"):
			requires = append(requires, words[0])
		}
	}
	if module == "" {
		return "", nil, fmt.Errorf("go.mod names no module")
	}
	return module, requires, nil
}

// has says whether anything in the tree, the standard library or the required modules matches a pattern.
func (t tree) has(pattern string) bool {
	if pattern == "std" {
		return true
	}
	for pkg := range t.imports {
		if matches(pattern, pkg) {
			return true
		}
	}
	prefix := strings.TrimSuffix(pattern, "/...")
	if external(prefix) {
		return slices.ContainsFunc(t.requires, func(module string) bool {
			return under(prefix, module) || under(module, prefix)
		})
	}
	return inStandardLibrary(prefix)
}

// matches says whether a pattern ("std", "...", "internal/step", "internal/aws/...") covers a package.
func matches(pattern, pkg string) bool {
	if pattern == "std" {
		return inStandardLibrary(pkg)
	}
	if prefix, ok := strings.CutSuffix(pattern, "..."); ok {
		return under(strings.TrimSuffix(prefix, "/"), pkg)
	}
	return pattern == pkg
}

func under(folder, pkg string) bool {
	return folder == "" || pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

// external is how Go tells a module's path from a package of the standard library.
func external(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return strings.Contains(first, ".")
}

func inStandardLibrary(pkg string) bool {
	if external(pkg) || strings.HasPrefix(pkg, "internal/") { // the library has an internal/, too, closed to us
		return false
	}
	info, err := os.Stat(filepath.Join(build.Default.GOROOT, "src", filepath.FromSlash(pkg)))
	return err == nil && info.IsDir()
}
