// Package recipe says what goes into an AMI, and has the instance that it is made of do it: the bake key, the AMI's name, the
// user data of the builder and of the instance that tests the AMI, and what the two say on their consoles. It does no I/O.
package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distribution/reference"
)

// Inputs are all that goes into an AMI, by their names and sums. What only has to do with how it is made is not among them.
type Inputs struct {
	App      string   `json:"app"`
	Base     string   `json:"base"`               // id of the AMI that it is made of
	Agent    string   `json:"agent,omitempty"`    // version of its package; "" where the base AMI has the agent
	Package  string   `json:"package,omitempty"`  // SHA-256 of the agent's package
	Image    string   `json:"image"`              // the app's: NAME@DIGEST, as Pin makes it
	Settings string   `json:"settings,omitempty"` // SHA-256 of the agent's settings; "" for none
	Docker   string   `json:"docker"`             // "docker.io", "docker-ce" or "none"
	Packages []string `json:"packages,omitempty"`
	Files    []Sum    `json:"files,omitempty"`
	Scripts  []Sum    `json:"scripts,omitempty"` // in the order in which they run
	Volume   int      `json:"volume,omitempty"`  // GiB; 0 for that of the base AMI
	KMSKey   string   `json:"kmsKey,omitempty"`  // that its disk is encrypted with; "" for the account's own
}

// Sum stands for a Piece.
type Sum struct {
	Name   string `json:"name"`
	Mode   uint32 `json:"mode"`
	SHA256 string `json:"sha256"`
}

// Piece is a file that gets onto the instance.
type Piece struct {
	Name    string // of a file: the absolute path there; of a script: a name for people
	Mode    uint32 // permissions
	Content []byte
}

// Sums are those of files.
func Sums(pieces []Piece) []Sum {
	var sums []Sum
	for _, p := range pieces {
		sums = append(sums, Sum{p.Name, p.Mode, SHA256(p.Content)})
	}
	return sums
}

// SHA256 is the sum of a content, in hex.
func SHA256(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

// Pin is the image that a reference stands for, by digest alone: what a tag says later makes no difference.
func Pin(ref, digest string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("image %q: %w", ref, err)
	}
	if !digests().MatchString(digest) {
		return "", fmt.Errorf("image %q: %q is no digest", ref, digest)
	}
	return reference.TrimNamed(named).Name() + "@" + digest, nil
}

// Listing is what the bake key is made of, for people who want to know why two keys differ. It is the same for inputs that
// come to the same AMI, and for no others.
func (in Inputs) Listing() string {
	var b strings.Builder
	line := func(name string, values ...any) {
		b.WriteString(name)
		for _, v := range values {
			if text, ok := v.(string); ok {
				v = strconv.Quote(text) // so that no text can pass for two
			}
			fmt.Fprintf(&b, " %v", v)
		}
		b.WriteByte('\n')
	}
	line("amibake", 1) // of the listing's form
	line("guest", SHA256([]byte(BuilderScript())))
	line("app", in.App)
	line("base", in.Base)
	line("agent", in.Agent, in.Package)
	line("image", in.Image)
	line("settings", in.Settings)
	line("docker", in.Docker)
	for _, p := range sorted(in.Packages) {
		line("package", p)
	}
	for _, f := range slices.SortedStableFunc(slices.Values(in.Files), byName) {
		line("file", f.Name, f.Mode, f.SHA256)
	}
	for _, s := range in.Scripts {
		line("script", s.Name, s.Mode, s.SHA256)
	}
	line("volume", in.Volume)
	line("kms", in.KMSKey)
	return b.String()
}

// Key is the bake key: 20 hex digits. Inputs with the same key have nothing new to bake.
func (in Inputs) Key() string { return SHA256([]byte(in.Listing()))[:20] }

func byName(a, b Sum) int { return strings.Compare(a.Name, b.Name) }

// sorted is a set in order: that of packages makes no difference.
func sorted(set []string) []string { return slices.Compact(slices.Sorted(slices.Values(set))) }

// maxName is how long EC2 lets an AMI's name be.
const maxName = 128

// Name is that of an AMI: {app}, {time} and {key} in the pattern stand for the app, when the run began, and the beginning of
// the bake key.
func Name(pattern, app string, began time.Time, key string) (string, error) {
	name := strings.NewReplacer(
		"{app}", app, "{time}", began.UTC().Format("20060102-150405"), "{key}", key[:min(len(key), 8)],
	).Replace(pattern)
	if len(name) < 3 || len(name) > maxName {
		return "", fmt.Errorf("the name %q has %d characters: EC2 takes 3 to %d", name, len(name), maxName)
	}
	return name, nil
}
