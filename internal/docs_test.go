package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var repository = os.DirFS("..")

// TestDocs checks what the documents claim about the repository, as far as a machine can.
func TestDocs(t *testing.T) {
	documents := filesMatching(t, "*.md")
	for _, required := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"} {
		if !slices.Contains(documents, required) {
			t.Errorf("%s is missing", required)
		}
	}
	targets := makeTargets(t)
	for _, name := range documents {
		t.Run(name, func(t *testing.T) {
			text := parseMarkdown(readFile(t, name))
			checkLinks(t, name, text)
			for _, target := range text.makeTargets() {
				if !slices.Contains(targets, target) {
					t.Errorf("it says `make %s`, which the Makefile does not have", target)
				}
			}
			for _, mention := range text.paths("agent", "amibake", "docs", "internal", "packaging", "switcher", "tools") {
				if !exists(mention) && !slices.Contains(architecture.planned, mention) {
					t.Errorf("it names %s, which does not exist", mention)
				}
			}
		})
	}
}

// checkLinks checks the links of a document that stay in the repository, down to the heading.
func checkLinks(t *testing.T, name string, text markdown) {
	t.Helper()
	for _, link := range text.links {
		if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
			continue
		}
		file, anchor, _ := strings.Cut(link, "#")
		target := name
		if file != "" {
			target = path.Join(path.Dir(name), file)
		}
		if !exists(target) {
			t.Errorf("it links to %s, but %s does not exist", link, target)
			continue
		}
		if anchor != "" && !slices.Contains(parseMarkdown(readFile(t, target)).anchors, anchor) {
			t.Errorf("it links to %s, but %s has no such heading", link, target)
		}
	}
}

// TestDocsDecisions keeps the index of the decisions whole and their numbers unique.
func TestDocsDecisions(t *testing.T) {
	index := parseMarkdown(readFile(t, "docs/decisions/README.md"))
	numbers := map[string]string{}
	for _, name := range filesMatching(t, "[0-9][0-9][0-9][0-9]-*.md") {
		base := path.Base(name)
		if other, taken := numbers[base[:4]]; taken {
			t.Errorf("%s and %s have the same number", other, base)
		}
		numbers[base[:4]] = base
		if !slices.Contains(index.links, base) {
			t.Errorf("docs/decisions/README.md does not list %s", base)
		}
	}
}

func TestDocsChangelog(t *testing.T) {
	if !strings.Contains(readFile(t, "CHANGELOG.md"), "\n## [Unreleased]\n") {
		t.Error("CHANGELOG.md has no section [Unreleased] for the next change")
	}
}

// TestDocsNoMachinePaths finds paths of somebody's own machine in what readers see.
func TestDocsNoMachinePaths(t *testing.T) {
	machine := regexp.MustCompile(`(^|[^\w.])/(home|Users|root|work)/[\w.]+`)
	for _, pattern := range []string{"*.md", "*.svg", "*.txtar", "*.golden", "*.yml", "Makefile"} {
		for _, name := range filesMatching(t, pattern) {
			for _, found := range machine.FindAllString(readFile(t, name), -1) {
				t.Errorf("%s names a path of one machine: %s", name, strings.TrimSpace(found))
			}
		}
	}
}

// TestDocsVersionIsStamped finds the variable that the Makefile has the linker set, because the linker does not mind if
// there is none.
func TestDocsVersionIsStamped(t *testing.T) {
	stamp := regexp.MustCompile(`-X bluegreen/([\w/]+)\.(\w+)=`).FindStringSubmatch(readFile(t, "Makefile"))
	if stamp == nil {
		t.Fatal("the Makefile stamps no version")
	}
	files, err := fs.Glob(repository, path.Join(stamp[1], "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, readFile(t, name), 0)
		if err != nil {
			t.Fatal(err)
		}
		if declaresVar(file, stamp[2]) {
			return
		}
	}
	t.Errorf("the Makefile stamps variable %s of %s, which does not exist", stamp[2], stamp[1])
}

func declaresVar(file *ast.File, name string) bool {
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			for _, ident := range spec.(*ast.ValueSpec).Names {
				if ident.Name == name {
					return true
				}
			}
		}
	}
	return false
}

func makeTargets(t *testing.T) []string {
	t.Helper()
	var targets []string
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllStringSubmatch(readFile(t, "Makefile"), -1) {
		targets = append(targets, match[1])
	}
	return targets
}

// filesMatching lists the files of the repository whose base name matches, leaving out what is built or cached.
func filesMatching(t *testing.T, pattern string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (entry.Name()[0] == '.' || name == "dist") {
			return fs.SkipDir
		}
		if matched, err := path.Match(pattern, entry.Name()); err != nil || !matched || entry.IsDir() {
			return err
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := fs.ReadFile(repository, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join("..", filepath.FromSlash(name)))
	return err == nil
}
