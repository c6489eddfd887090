package internal_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const permissions = "docs/reference/iam.md"

// besides are actions that no program of ours calls by name, and who takes them to be allowed.
var besides = map[string]map[string]string{
	"The agent": {
		"ecr:BatchGetImage":          "Docker reads manifests with the token that the agent gives it",
		"ecr:GetDownloadUrlForLayer": "and layers",
		"kms:Decrypt":                "of a key of one's own, by Parameter Store and Secrets Manager in the caller's name",
		"logs:CreateLogStream":       "Docker's log driver awslogs",
		"logs:PutLogEvents":          "likewise",
	},
	"switcher": {
		"ec2:CreateTags":                             "Auto Scaling asks whether the caller may launch what a template says",
		"ec2:RunInstances":                           "likewise",
		"iam:PassRole":                               "likewise",
		"wafv2:GetWebACL":                            "of GetWebACLForResource",
		"elasticloadbalancing:AddTags":               "of what is created with tags",
		"elasticloadbalancing:GetLoadBalancerWebACL": "of GetWebACLForResource",
	},
	"amibake": {
		"iam:PassRole":                        "the builder has a role",
		"imagebuilder:GetContainerRecipe":     "of DescribeImageReferences",
		"imagebuilder:ListContainerRecipes":   "likewise",
		"imagebuilder:ListImageRecipes":       "likewise",
		"kms:CreateGrant":                     "of a key of one's own, by EBS in the caller's name",
		"kms:Decrypt":                         "likewise",
		"kms:DescribeKey":                     "likewise",
		"kms:GenerateDataKeyWithoutPlaintext": "likewise",
		"kms:ReEncryptFrom":                   "likewise",
		"kms:ReEncryptTo":                     "likewise",
		"s3:GetObject":                        "the builder reads what is staged by URLs that are signed in the caller's name",
		"ssm:DescribeParameters":              "of DescribeImageReferences",
		"ssm:GetParameters":                   "likewise, and of parameters that launch templates name",
	},
}

// renamed are actions that have another name than the operation that takes them.
var renamed = map[string]string{"s3:ListObjectsV2": "s3:ListBucket"}

// TestDocsPermissions compares the policies in the documents with what the adapters of AWS call.
func TestDocsPermissions(t *testing.T) {
	adapters := readAdapters(t)
	called := map[string][]string{
		"The agent": programCalls(t, adapters, "internal/agent"),
		"switcher":  programCalls(t, adapters, "internal/aws", "internal/bluegreen", "internal/journal", "internal/traffic"),
		"amibake":   programCalls(t, adapters, "internal/aws", "internal/bake", "internal/journal"),
	}
	for program, section := range sections(readFile(t, permissions)) {
		operations, ours := called[program]
		if !ours {
			continue
		}
		delete(called, program)
		want := slices.Compact(slices.Sorted(slices.Values(slices.Concat(operations, slices.Collect(maps.Keys(besides[program]))))))
		if diff := cmp.Diff(want, policyActions(t, section)); diff != "" {
			t.Errorf("%s, %q: the policies allow other actions than the program takes (-takes +allowed):\n%s", permissions, program, diff)
		}
	}
	for program := range called {
		t.Errorf("%s has no section %q", permissions, program)
	}
}

// sections are the texts below the headings of the second level.
func sections(source string) map[string]string {
	found := map[string]string{}
	for _, part := range strings.Split("\n"+source, "\n## ")[1:] {
		heading, text, _ := strings.Cut(part, "\n")
		found[heading] = text
	}
	return found
}

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

// policyActions are the actions of all policies in a text.
func policyActions(t *testing.T, text string) []string {
	t.Helper()
	type policy struct {
		Version   string
		Statement []struct {
			Effect    string
			Action    []string
			Resource  any
			Condition map[string]map[string]any
		}
	}
	var actions []string
	for _, block := range jsonBlock.FindAllStringSubmatch(text, -1) {
		var p policy
		decoder := json.NewDecoder(strings.NewReader(block[1]))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&p); err != nil {
			t.Errorf("%s: %v in\n%s", permissions, err, block[1])
		}
		for _, s := range p.Statement {
			if p.Version != "2012-10-17" || s.Effect != "Allow" || s.Resource == nil || len(s.Action) == 0 {
				t.Errorf("%s: a statement lacks something:\n%s", permissions, block[1])
			}
			actions = append(actions, s.Action...)
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// adapters are the actions that each function of each adapter takes, by the adapter's name and the function's.
type adapters map[string]map[string][]string

func readAdapters(t *testing.T) adapters {
	t.Helper()
	entries, err := fs.ReadDir(repository, "internal/aws")
	if err != nil {
		t.Fatal(err)
	}
	all := adapters{}
	for _, entry := range entries {
		if entry.IsDir() {
			all[entry.Name()] = readAdapter(t, path.Join("internal/aws", entry.Name()))
		}
	}
	return all
}

// prefixes are those of actions where it is not the name of the SDK's package.
var prefixes = map[string]string{"elasticloadbalancingv2": "elasticloadbalancing"}

var (
	service   = regexp.MustCompile(`^github\.com/aws/aws-sdk-go-v2/service/(\w+)$`)
	paginator = regexp.MustCompile(`^New(\w+)Paginator$`)
)

// readAdapter finds the calls of an adapter: those of its field api, directly or by one of the SDK's paginators.
func readAdapter(t *testing.T, dir string) map[string][]string {
	t.Helper()
	prefix := ""
	calls, mentions := map[string][]string{}, map[string][]string{}
	var declared []string // methods of the interface api
	for _, file := range parseDir(t, dir) {
		for _, spec := range file.Imports {
			if name := service.FindStringSubmatch(importPath(spec)); name != nil {
				prefix = name[1]
				if other, ok := prefixes[prefix]; ok {
					prefix = other
				}
			}
		}
		declared = append(declared, interfaceMethods(file, "api")...)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if on, ok := n.X.(*ast.SelectorExpr); ok && on.Sel.Name == "api" {
						calls[f.Name.Name] = append(calls[f.Name.Name], n.Sel.Name)
					} else if page := paginator.FindStringSubmatch(n.Sel.Name); page != nil {
						calls[f.Name.Name] = append(calls[f.Name.Name], page[1])
					}
				case *ast.Ident:
					mentions[f.Name.Name] = append(mentions[f.Name.Name], n.Name)
				}
				return true
			})
		}
	}
	if prefix == "" {
		return nil // of no service with actions, such as the metadata service
	}
	if diff := cmp.Diff(sorted(declared), sorted(slices.Concat(slices.Collect(maps.Values(calls))...))); diff != "" {
		t.Errorf("%s declares other operations than this test sees it call (-declared +seen):\n%s", dir, diff)
	}
	return reach(calls, mentions, prefix)
}

// reach is what each function calls itself, and by others that it mentions.
func reach(calls, mentions map[string][]string, prefix string) map[string][]string {
	all := map[string][]string{}
	for name := range mentions {
		seen := map[string]bool{name: true}
		for todo := []string{name}; len(todo) > 0; todo = todo[1:] {
			for _, operation := range calls[todo[0]] {
				all[name] = append(all[name], action(prefix+":"+operation))
			}
			for _, next := range mentions[todo[0]] {
				if _, function := mentions[next]; function && !seen[next] {
					seen[next] = true
					todo = append(todo, next)
				}
			}
		}
	}
	return all
}

// action is what has to be allowed for an operation.
func action(operation string) string {
	if other, ok := renamed[operation]; ok {
		return other
	}
	return operation
}

// programCalls are the actions that packages take: of each method that they call of a client. A client is what is declared as
// one, as a field or a parameter (*params.Client is of the adapter params), and what a variable is set to of that.
func programCalls(t *testing.T, all adapters, dirs ...string) []string {
	t.Helper()
	var files []*ast.File
	clients := map[string]string{} // adapters, by the names of fields, parameters and variables
	for _, dir := range dirs {
		for _, file := range parseDir(t, dir) {
			files = append(files, file)
			ast.Inspect(file, func(n ast.Node) bool {
				if field, ok := n.(*ast.Field); ok {
					for _, ident := range field.Names {
						if adapter := clientType(field.Type); adapter != "" {
							clients[ident.Name] = adapter
						}
					}
				}
				return true
			})
		}
	}
	var actions []string
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, right := range n.Rhs {
					if variable, ok := n.Lhs[i].(*ast.Ident); ok && clients[lastName(right)] != "" {
						clients[variable.Name] = clients[lastName(right)]
					}
				}
			case *ast.SelectorExpr:
				actions = append(actions, all[clients[lastName(n.X)]][n.Sel.Name]...)
			}
			return true
		})
	}
	return sorted(actions)
}

// clientType is the adapter of a type such as *params.Client.
func clientType(e ast.Expr) string {
	pointer, ok := e.(*ast.StarExpr)
	if !ok {
		return ""
	}
	if kind, ok := pointer.X.(*ast.SelectorExpr); ok && kind.Sel.Name == "Client" {
		return lastName(kind.X)
	}
	return ""
}

// lastName is c of a.b.c, and of c.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func interfaceMethods(file *ast.File, name string) (methods []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != name {
			return true
		}
		if kind, ok := spec.Type.(*ast.InterfaceType); ok {
			for _, method := range kind.Methods.List {
				for _, ident := range method.Names {
					methods = append(methods, ident.Name)
				}
			}
		}
		return true
	})
	return methods
}

// parseDir parses the files of a package, its tests left out.
func parseDir(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := fs.Glob(repository, path.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, readFile(t, name), 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func importPath(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return ""
	}
	return name
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
