package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writeSBOM writes a bill of materials in CycloneDX's JSON: the package, its programs, and every module in each of them.
func writeSBOM(w io.Writer, a about, args []string) error {
	programs, err := readPrograms(args)
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	bom, err := a.bom(programs)
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
}

func (a about) bom(programs []program) (*cdx.BOM, error) {
	root := fmt.Sprintf("pkg:deb/%s@%s?arch=%s", a.name, a.version, a.arch)
	tree := map[string][]string{root: nil}
	order := []string{root}
	everything := sha256.New()

	var components []cdx.Component
	for _, p := range programs {
		hash, err := fileHash(p.file)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(p.file)
		fmt.Fprintln(everything, root, name, hash)
		ref := root + "#" + name
		components = append(components, cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeApplication, Name: name, Version: a.version,
			Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hash}},
			Licenses: terms("Apache-2.0"),
		})
		tree[root] = append(tree[root], ref)
		order = append(order, ref)
		for _, part := range p.parts {
			tree[ref] = append(tree[ref], part.purl())
		}
	}
	for _, part := range parts(programs) {
		l, err := part.licence()
		if err != nil {
			return nil, err
		}
		components = append(components, part.cyclonedx(l))
	}

	bom := cdx.NewBOM()
	bom.SerialNumber = serial(everything.Sum(nil))
	bom.Metadata = &cdx.Metadata{
		Timestamp: a.date.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: root, Type: cdx.ComponentTypeApplication, Name: a.name, Version: a.version, PackageURL: root,
			Licenses: terms("Apache-2.0"),
		},
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "debmeta", Version: a.version}}},
	}
	bom.Components = &components
	bom.Dependencies = dependencies(order, tree)
	return bom, nil
}

func (c component) purl() string {
	if c.path == "std" {
		return "pkg:golang/stdlib@" + c.version // what scanners look the standard library up by
	}
	return "pkg:golang/" + c.path + "@" + c.version
}

func (c component) cyclonedx(l licence) cdx.Component {
	described := cdx.Component{
		BOMRef: c.purl(), Type: cdx.ComponentTypeLibrary, Name: c.path, Version: c.version, PackageURL: c.purl(),
		Licenses: terms(l.id), Scope: cdx.ScopeRequired,
	}
	if c.sum != "" {
		described.Properties = &[]cdx.Property{{Name: "go:sum", Value: c.sum}}
	}
	return described
}

func terms(id string) *cdx.Licenses { return &cdx.Licenses{{License: &cdx.License{ID: id}}} }

func dependencies(order []string, tree map[string][]string) *[]cdx.Dependency {
	var all []cdx.Dependency
	for _, ref := range order {
		needs := tree[ref]
		all = append(all, cdx.Dependency{Ref: ref, Dependencies: &needs})
	}
	return &all
}

// serial makes a UUID of what the document is on, instead of at random: the same package has the same document.
func serial(sum []byte) string {
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80 // version 8: made to our own rule
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func fileHash(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("hash %s: %w", name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
