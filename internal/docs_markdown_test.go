package internal_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// markdown is what a document claims about the repository.
type markdown struct {
	links   []string // targets of links and pictures
	anchors []string // of its headings, as GitHub makes them
	spans   []string // inline code
	lines   []string // lines of code blocks
}

var (
	codeSpan     = regexp.MustCompile("`([^`]+)`")
	inlineLink   = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)`)
	linkTarget   = regexp.MustCompile(`^\[[^\]]+\]:\s*(\S+)`)
	htmlTarget   = regexp.MustCompile(`(?:src|href|srcset)="([^"]+)"`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func parseMarkdown(source string) markdown {
	var found markdown
	seen := map[string]int{}
	fenced := false
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
			continue
		case fenced:
			found.lines = append(found.lines, strings.TrimPrefix(strings.TrimSpace(line), "$ "))
			continue
		}
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			found.anchors = append(found.anchors, anchor(heading, seen))
		}
		for _, match := range codeSpan.FindAllStringSubmatch(line, -1) {
			found.spans = append(found.spans, match[1])
		}
		prose := codeSpan.ReplaceAllString(line, "")
		for _, pattern := range []*regexp.Regexp{inlineLink, linkTarget, htmlTarget} {
			for _, match := range pattern.FindAllStringSubmatch(prose, -1) {
				found.links = append(found.links, match[1])
			}
		}
	}
	return found
}

// anchor is the fragment that GitHub gives a heading; the second of a name gets -1.
func anchor(heading string, seen map[string]int) string {
	name := strings.ToLower(strings.TrimSpace(heading))
	name = strings.ReplaceAll(notInAnchors.ReplaceAllString(name, ""), " ", "-")
	count := seen[name]
	seen[name]++
	if count > 0 {
		return fmt.Sprintf("%s-%d", name, count)
	}
	return name
}

// makeTargets lists what the document tells its reader to make.
func (m markdown) makeTargets() []string {
	var targets []string
	for _, command := range slices.Concat(m.spans, m.lines) {
		words := strings.Fields(command)
		if len(words) < 2 || words[0] != "make" {
			continue
		}
		for _, word := range words[1:] {
			if strings.HasPrefix(word, "#") {
				break
			}
			if !strings.Contains(word, "=") && !strings.HasPrefix(word, "-") {
				targets = append(targets, word)
			}
		}
	}
	return targets
}

// paths lists the inline code that names a file or folder below one of the given ones, patterns and examples left out.
func (m markdown) paths(tops ...string) []string {
	var paths []string
	for _, span := range m.spans {
		name, _, _ := strings.Cut(strings.TrimSpace(span), " ")
		name = strings.TrimRight(name, ":,/")
		top, _, below := strings.Cut(name, "/")
		if below && slices.Contains(tops, top) && !strings.ContainsAny(name, "<>*{}$…") && !strings.Contains(name, "...") {
			paths = append(paths, name)
		}
	}
	return paths
}

func TestParseMarkdown(t *testing.T) {
	const source = "# A `b`: c!\n" +
		"See [one](docs/x.md#there \"title\"), ![two](p.svg) and `make build size V=1`, not `[x](y)`.\n" +
		"# A b c\n" +
		"<img src=\"q.svg\">\n[ref]: z.md\n" +
		"```sh\n$ make demo # it\n[not](a-link)\n```\n" +
		"`internal/step` `internal/traffic: refuse` `internal/<noun>` `internal/aws/...` `other/x`\n"
	got := parseMarkdown(source)
	if diff := cmp.Diff([]string{"docs/x.md#there", "p.svg", "q.svg", "z.md"}, got.links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a-b-c", "a-b-c-1"}, got.anchors); diff != "" {
		t.Errorf("anchors (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"build", "size", "demo"}, got.makeTargets()); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"internal/step", "internal/traffic"}, got.paths("internal")); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}
