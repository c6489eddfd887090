package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestPatterns compiles every expression that a package keeps: at run time, that waits until somebody asks it.
func TestPatterns(t *testing.T) {
	found, faults, err := checkPatterns(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
	if found == 0 {
		t.Error("no call of pattern.Lazy was found")
	}
}

func TestPatternsSelf(t *testing.T) {
	for text, want := range map[string]string{
		"var p = pattern.Lazy(`^a$`)":                                  "",
		"const a = `x`\nvar p = pattern.Lazy(`^` + (a + \"b\") + `$`)": "",
		"var p = pattern.Lazy(`(`)":                                    "missing closing )",
		"const a = `(`\nvar p = pattern.Lazy(`^` + a)":                 "missing closing )",
		"func f(s string) { pattern.Lazy(s) }":                         "cannot be read without running it",
		"var p = regexp.MustCompile(`^a$`)":                            "pattern.Lazy",
		"func f() { regexp.MustCompile(`^a$`) }":                       "",
	} {
		got, err := patternFaults([]string{"package x\n" + text})
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(got.faults, "\n"); (want == "") != (all == "") || !strings.Contains(all, want) {
			t.Errorf("%s\nfaults: %q, want %q", text, all, want)
		}
	}
}

// checkPatterns reads the packages of a tree.
func checkPatterns(fsys fs.FS) (found int, faults []string, err error) {
	packages := map[string][]string{}
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return enter(fsys, name)
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || path.Dir(name) == "internal/pattern":
			return nil
		}
		source, err := fs.ReadFile(fsys, name)
		packages[path.Dir(name)] = append(packages[path.Dir(name)], string(source))
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	for dir, sources := range packages {
		all, err := patternFaults(sources)
		if err != nil {
			return 0, nil, fmt.Errorf("%s: %w", dir, err)
		}
		found += all.found
		for _, fault := range all.faults {
			faults = append(faults, dir+": "+fault)
		}
	}
	return found, faults, nil
}

// patterns are those of a package.
type patterns struct {
	found     int
	faults    []string
	constants map[string]ast.Expr
}

func patternFaults(sources []string) (*patterns, error) {
	all := &patterns{constants: map[string]ast.Expr{}}
	var files []*ast.File
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		for _, decl := range file.Decls {
			all.declared(decl)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && calls(call, "pattern", "Lazy") {
				all.compile(call.Args[0])
			}
			return true
		})
	}
	return all, nil
}

// declared notes the constants, and finds variables that are compiled when the program starts.
func (p *patterns) declared(decl ast.Decl) {
	group, ok := decl.(*ast.GenDecl)
	if !ok || group.Tok != token.CONST && group.Tok != token.VAR {
		return
	}
	for _, spec := range group.Specs {
		value := spec.(*ast.ValueSpec)
		for i, name := range value.Names {
			if group.Tok == token.CONST && i < len(value.Values) {
				p.constants[name.Name] = value.Values[i]
			}
		}
		if group.Tok == token.CONST {
			continue
		}
		ast.Inspect(value, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && calls(call, "regexp", "MustCompile") {
				p.faults = append(p.faults, fmt.Sprintf("%s is compiled whenever a program starts that has the package in it: use pattern.Lazy", value.Names[0].Name))
			}
			_, later := n.(*ast.FuncLit)
			return !later
		})
	}
}

func (p *patterns) compile(argument ast.Expr) {
	p.found++
	text, err := p.text(argument)
	if err == nil {
		_, err = regexp.Compile(text)
	}
	if err != nil {
		p.faults = append(p.faults, err.Error())
	}
}

// text is what a constant expression says.
func (p *patterns) text(expression ast.Expr) (string, error) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(e.Value)
	case *ast.ParenExpr:
		return p.text(e.X)
	case *ast.BinaryExpr:
		left, err := p.text(e.X)
		if err != nil {
			return "", err
		}
		right, err := p.text(e.Y)
		return left + right, err
	case *ast.Ident:
		if value, ok := p.constants[e.Name]; ok {
			return p.text(value)
		}
	}
	return "", fmt.Errorf("a pattern cannot be read without running it (a %T that is no constant of its package)", expression)
}

func calls(call *ast.CallExpr, pkg, name string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && from.Name == pkg
}
