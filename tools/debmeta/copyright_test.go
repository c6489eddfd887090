package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	mit    = "MIT License\n\nCopyright (c) 2020 Ann Author. All rights reserved.\n\nPermission is hereby granted, free of charge,\nto any person obtaining a copy of this\n"
	apache = "                    Apache License\n              Version 2.0, January 2004\n\n   (c) You must retain, in the Source form\n   Copyright [yyyy] [name of copyright owner]\n"
)

func TestLicence(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  licence
	}{
		"a short one, in full": {
			files: map[string]string{"LICENSE": mit, "license.go": "package x"},
			want:  licence{id: "MIT", holders: []string{"2020 Ann Author"}, text: strings.TrimSpace(mit)},
		},
		"one that Debian has, without its example": {
			files: map[string]string{"LICENSE.txt": apache},
			want:  licence{id: "Apache-2.0", holders: []string{"the authors of each module"}},
		},
		"one with a notice": {
			files: map[string]string{"LICENSE": apache, "NOTICE": "Thing\nCopyright Big, Inc.\n"},
			want:  licence{id: "Apache-2.0", holders: []string{"Big, Inc"}, notice: "Thing\nCopyright Big, Inc."},
		},
	} {
		dir := t.TempDir()
		for file, text := range test.files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := component{path: "example.com/x", dir: dir}.licence()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(licence{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLicenceUnknown(t *testing.T) {
	_, err := component{path: "example.com/x", dir: t.TempDir()}.licence()
	if err == nil || !strings.Contains(err.Error(), "licence of example.com/x: cannot tell which one it is") {
		t.Errorf("a module without a licence: error %v", err)
	}
}

// TestCopyright reads the file back by the rules of its format: paragraphs of fields, continued by indented lines.
func TestCopyright(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := writeCopyright(&text, packaged, []string{program}); err != nil {
		t.Fatal(err)
	}
	paragraphs := strings.Split(strings.TrimSpace(text.String()), "\n\n")
	for i, paragraph := range paragraphs {
		fields := map[string]bool{}
		for line := range strings.Lines(paragraph) {
			name, _, field := strings.Cut(line, ":")
			if !strings.HasPrefix(line, " ") && !field {
				t.Errorf("paragraph %d: line %q neither starts a field nor continues one", i, line)
			}
			fields[name] = true
		}
		switch {
		case i == 0 && !fields["Format"], fields["Files"] && !(fields["Copyright"] && fields["License"]):
			t.Errorf("paragraph %d lacks a field:\n%s", i, paragraph)
		}
	}
	for _, want := range []string{"Files: *\n", "\n github.com/russross/blackfriday/v2/*\n", "\n std/*\n", "/usr/share/common-licenses/Apache-2.0"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in it", want)
		}
	}
}
