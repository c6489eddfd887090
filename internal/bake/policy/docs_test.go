package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/policy"
)

// example are the facts of which the documents show the policies.
var example = policy.Facts{
	Account: "123456789012", Region: "eu-west-1", App: "shop", Repository: "arn:aws:ecr:eu-west-1:123456789012:repository/shop", Tagged: true,
	Base: "/aws/service/*", Parameter: "/bluegreen/shop/ami", RunCommand: true, Role: "amibake-builder", Bucket: "shop-amibake", Prefix: "amibake/shop",
	Keys: []policy.Key{{Region: "eu-west-1", Key: "KEY-ID"}}, Namespace: "Bluegreen", Shared: true, Template: "lt-0123456789abcdef0",
	Copies: []string{"eu-west-1"}, // the documents show the ARNs of one region
}

// TestDocs compares the policies with those in the documents.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", "iam.md"))
	if err != nil {
		t.Fatal(err)
	}
	for heading, p := range map[string]policy.Policy{
		"## amibake\n/### Bake\n": policy.Bake(example), "## amibake\n/### Promote\n": policy.Promote(example),
		"## amibake\n/### Prune and sweep\n": policy.Prune(example), "## The agent\n/### Image\n": policy.Instance(example),
	} {
		shown := string(text)
		for part := range strings.SplitSeq(heading, "/") {
			_, shown, _ = strings.Cut(shown, "\n"+part)
		}
		block := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(shown)
		if block == nil {
			t.Errorf("no policy below %q", heading)
			continue
		}
		ours, _, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decoded(t, ours), decoded(t, []byte(block[1]))); diff != "" {
			t.Errorf("%q (-amibake iam-policy +docs/reference/iam.md):\n%s", heading, diff)
		}
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}
