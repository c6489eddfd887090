package internal_test

import (
	"maps"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// house is a small layout that the source below keeps, with one of everything.
func house() layout {
	return layout{
		floors: []floor{
			{name: "programs", apart: true, rooms: []string{"tool", "other"}},
			{name: "services", apart: true, rooms: []string{"internal/svc/..."}},
			{name: "ground", rooms: []string{"internal/svc/errs", "internal/engine"}},
		},
		doors:   []door{{from: "internal/svc/a", to: "internal/svc/b"}},
		planned: []string{"other"},
		rules: []rule{
			{rooms: []string{"internal/engine"}, only: []string{"std"}, why: "the engine stands alone"},
			{
				rooms: []string{"..."}, except: []string{"internal/svc/..."},
				never: []string{"example.org/sdk/..."}, why: "the SDK stays in the services",
			},
			{rooms: []string{"..."}, never: []string{"text/template"}, why: "no templates"},
		},
	}
}

var houseFiles = map[string]string{
	"go.mod":                        "module house\n\nrequire (\n\texample.org/sdk/core v1.0.0\n)\n",
	"tool/main.go":                  `package main; import ("fmt"; "house/internal/svc/a"; "house/internal/engine")`,
	"internal/svc/a/a.go":           `package a; import ("example.org/sdk/core/x"; "house/internal/svc/b"; "house/internal/svc/errs")`,
	"internal/svc/b/b.go":           `package b`,
	"internal/svc/errs/e.go":        `package errs; import "errors"`,
	"internal/engine/e.go":          `package engine; import "encoding/json"`,
	"internal/engine/e_test.go":     `package engine; import ("house/tool"; "text/template")`,
	"internal/engine/testdata/x.go": `package x; import "text/template"`,
	"tools/go.mod":                  "module tools\n",
	"tools/gen.go":                  `package main; import "text/template"`,
	".cache/x.go":                   `package x; import "text/template"`,
}

func TestArchitectureFaults(t *testing.T) {
	cases := []struct {
		name   string
		files  map[string]string
		change func(*layout)
		want   []string
	}{
		{name: "kept"},
		{
			name:  "an import upwards",
			files: map[string]string{"internal/svc/b/b.go": `package b; import "house/tool"`},
			want:  []string{"internal/svc/b/b.go imports tool: services do not know programs"},
		},
		{
			name:  "an import upwards behind a build tag",
			files: map[string]string{"internal/engine/x_plan9.go": "//go:build never\n\npackage engine\n\nimport \"house/tool\""},
			want: []string{
				"internal/engine/x_plan9.go imports tool: ground do not know programs",
				"internal/engine/x_plan9.go imports tool: the engine stands alone",
			},
		},
		{
			name:  "a neighbour without a door",
			files: map[string]string{"internal/svc/b/b.go": `package b; import "house/internal/svc/a"`},
			want:  []string{"internal/svc/b/b.go imports internal/svc/a: services do not import each other"},
		},
		{
			name:  "a neighbour on a floor that shares",
			files: map[string]string{"internal/svc/errs/e.go": `package errs; import "house/internal/engine"`},
		},
		{
			name:  "more than the standard library",
			files: map[string]string{"internal/engine/e.go": `package engine; import "example.org/other"`},
			want:  []string{"internal/engine/e.go imports example.org/other: the engine stands alone"},
		},
		{
			name:  "a forbidden module",
			files: map[string]string{"tool/sdk.go": `package main; import "example.org/sdk/core"`},
			want:  []string{"tool/sdk.go imports example.org/sdk/core: the SDK stays in the services"},
		},
		{
			name:  "a forbidden package of the standard library",
			files: map[string]string{"internal/svc/b/b.go": `package b; import t "text/template"`},
			want:  []string{"internal/svc/b/b.go imports text/template: no templates"},
		},
		{
			name:  "a room on no floor",
			files: map[string]string{"internal/attic/a.go": `package attic`},
			want:  []string{"internal/attic stands on no floor: add it to one"},
		},
		{
			name:  "a door that nobody uses",
			files: map[string]string{"internal/svc/a/a.go": `package a`},
			want:  []string{"nobody uses the door from internal/svc/a to internal/svc/b: close it"},
		},
		{
			name:  "a planned room that was built",
			files: map[string]string{"other/main.go": `package main`},
			want:  []string{"other exists now: take it off the planned ones"},
		},
		{
			name:   "a plan that no rule names",
			change: func(l *layout) { l.planned = append(l.planned, "internal/nothing") },
			want:   []string{"internal/nothing is planned, but no rule names it"},
		},
		{
			name:   "a rule about a room that does not exist",
			change: func(l *layout) { l.rules[0].rooms = []string{"internal/motor"} },
			want:   []string{"the rules name internal/motor, which does not exist"},
		},
		{
			name:   "a rule about a module that is not required",
			change: func(l *layout) { l.rules[1].never = []string{"example.org/gone/..."} },
			want:   []string{"the rules name example.org/gone/..., which does not exist"},
		},
		{
			name:   "a rule about a package that the standard library does not have",
			change: func(l *layout) { l.rules[2].never = []string{"text/templates"} },
			want:   []string{"the rules name text/templates, which does not exist"},
		},
		{
			name:   "a floor for a room that does not exist",
			change: func(l *layout) { l.floors[2].rooms = append(l.floors[2].rooms, "internal/cellar") },
			want:   []string{"the rules name internal/cellar, which does not exist"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(houseFiles)
			maps.Copy(files, c.files)
			source, err := readTree(mapFS(files))
			if err != nil {
				t.Fatal(err)
			}
			rules := house()
			if c.change != nil {
				c.change(&rules)
			}
			if diff := cmp.Diff(c.want, rules.faults(source)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func mapFS(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}
