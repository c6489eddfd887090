package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var packaged = about{name: "bluegreen", version: "1.2.3", arch: "amd64", date: time.Date(2026, 11, 21, 10, 55, 0, 0, time.UTC)}

// TestSBOM holds the bill of this very test, which is a program like any other, against CycloneDX's own schema.
func TestSBOM(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := writeSBOM(w, packaged, []string{program}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same program has two bills that differ")
	}
	document, err := jsonschema.UnmarshalJSON(&first)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema(t).Validate(document); err != nil {
		t.Error(err)
	}

	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Deps) == 0 {
		t.Fatal("this test has no modules in it")
	}
	for _, dep := range info.Deps {
		if purl := `"pkg:golang/` + dep.Path + "@" + dep.Version + `"`; !strings.Contains(second.String(), purl) {
			t.Errorf("%s is missing", purl)
		}
	}
}

// TestSBOMSchema makes sure that the schema would find a fault.
func TestSBOMSchema(t *testing.T) {
	for _, fault := range []string{
		`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "module", "name": "x"}]}`,
		`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "x", "licenses": [{"license": {"id": "Apache"}}]}]}`,
		`{"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "1"}`,
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(fault))
		if err != nil {
			t.Fatal(err)
		}
		if schema(t).Validate(document) == nil {
			t.Errorf("the schema accepts %s", fault)
		}
	}
}

// schema is what CycloneDX publishes, from the source of its Go library.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		text, err := os.Open(filepath.Join(strings.TrimSpace(string(dir)), "schema", file))
		if err != nil {
			t.Fatal(err)
		}
		defer text.Close()
		document, err := jsonschema.UnmarshalJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource("http://cyclonedx.org/schema/"+name, document); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}
