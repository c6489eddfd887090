package ssm

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// TestLookup is what neighbours see.
func TestLookup(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		secret := input("/app/secret", "ami-1")
		secret.Type = types.ParameterTypeSecureString
		put(t, s, input("/app/ami", "ami-0"), input("/app/ami", "ami-1"), input("/app/other", "ami-1"), secret)
		s.AddPublic("/aws/service/newest", "ami-1")
		got := map[string]string{}
		for _, name := range []string{"/app/ami", "/app/ami:1", "/app/ami:7", "/app/secret", "/nope", "/aws/service/newest"} {
			value, ok := s.Value(name)
			got[name] = fmt.Sprint(value, " ", ok)
		}
		got["who has it"] = fmt.Sprint(s.Holders("ami-1"))
		got["who had it"] = fmt.Sprint(s.Holders("ami-0"))
		const arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/"
		want := map[string]string{
			"/app/ami": "ami-1 true", "/app/ami:1": "ami-0 true", "/app/ami:7": " false", "/app/secret": " false", "/nope": " false",
			"/aws/service/newest": "ami-1 true", "who has it": "[" + arn + "ami " + arn + "other]", "who had it": "[]",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
