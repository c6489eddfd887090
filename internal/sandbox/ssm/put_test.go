package ssm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// TestPutParameter puts into a store that has /old, a String, and /big, of the advanced tier.
func TestPutParameter(t *testing.T) {
	tags := []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}
	in := func(name, value string, changes ...func(*sdk.PutParameterInput)) *sdk.PutParameterInput {
		in := input(name, value)
		for _, change := range changes {
			change(in)
		}
		return in
	}
	overwrite := func(in *sdk.PutParameterInput) { in.Overwrite = aws.Bool(true) }
	typed := func(kind types.ParameterType) func(*sdk.PutParameterInput) {
		return func(in *sdk.PutParameterInput) { in.Type = kind }
	}
	tier := func(tier types.ParameterTier) func(*sdk.PutParameterInput) {
		return func(in *sdk.PutParameterInput) { in.Tier = tier }
	}
	pattern := func(pattern string) func(*sdk.PutParameterInput) {
		return func(in *sdk.PutParameterInput) { in.AllowedPattern = &pattern }
	}
	tagged := func(in *sdk.PutParameterInput) { in.Tags = tags }
	key := func(in *sdk.PutParameterInput) { in.KeyId = aws.String("alias/mine") }
	levels := func(n int) string { return strings.Repeat("/x", n) }
	long := func(n int) string { return strings.Repeat("v", n) }
	for _, c := range []struct {
		name    string
		in      *sdk.PutParameterInput
		version int64
		tier    types.ParameterTier
		code    string
	}{
		{"new", in("/new", "v"), 1, "Standard", ""},
		{"new without a path", in("new", "v"), 1, "Standard", ""},
		{"new, told to overwrite", in("/new", "v", overwrite), 1, "Standard", ""},
		{"there already", in("/old", "v"), 0, "", "ParameterAlreadyExists"},
		{"there already, not to be overwritten", in("/old", "v", func(in *sdk.PutParameterInput) { in.Overwrite = aws.Bool(false) }), 0, "", "ParameterAlreadyExists"},
		{"overwritten", in("/old", "v", overwrite), 2, "Standard", ""},
		{"overwritten, no type", in("/old", "v", overwrite, typed("")), 2, "Standard", ""},
		{"overwritten, other type", in("/old", "v", overwrite, typed("SecureString")), 0, "", "HierarchyTypeMismatchException"},
		{"new with tags", in("/new", "v", tagged), 1, "Standard", ""},
		{"overwritten with tags", in("/old", "v", tagged, overwrite), 0, "", "ValidationException"},
		{"new with tags, told to overwrite", in("/new", "v", tagged, overwrite), 0, "", "ValidationException"},
		{"a tag of AWS", in("/new", "v", func(in *sdk.PutParameterInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}), 0, "", "ValidationException"},
		{"51 tags", in("/new", "v", func(in *sdk.PutParameterInput) {
			for i := range 51 {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String(fmt.Sprint(i)), Value: aws.String("")})
			}
		}), 0, "", "TooManyTagsError"},

		{"no name", &sdk.PutParameterInput{Value: aws.String("v"), Type: "String"}, 0, "", "ValidationException"},
		{"no value", &sdk.PutParameterInput{Name: aws.String("/new"), Type: "String"}, 0, "", "ValidationException"},
		{"an empty value", in("/new", ""), 0, "", "ValidationException"},
		{"no type", in("/new", "v", typed("")), 0, "", "ValidationException"},
		{"an unknown type", in("/new", "v", typed("Number")), 0, "", "UnsupportedParameterType"},
		{"a nested value", in("/new", "a {{ssm:/old}} b"), 0, "", "ValidationException"},
		{"JSON", in("/new", `{"a":{"b":{}}}`), 1, "Standard", ""},

		{"4096 bytes", in("/new", long(4096)), 1, "Standard", ""},
		{"4097 bytes", in("/new", long(4097)), 0, "", "ValidationException"},
		{"4097 bytes over standard", in("/old", long(4097), overwrite), 0, "", "ValidationException"},
		{"4097 bytes, advanced", in("/new", long(4097), tier("Advanced")), 1, "Advanced", ""},
		{"4097 bytes, intelligent", in("/new", long(4097), tier("Intelligent-Tiering")), 1, "Advanced", ""},
		{"4096 bytes, intelligent", in("/new", long(4096), tier("Intelligent-Tiering")), 1, "Standard", ""},
		{"8192 bytes", in("/new", long(8192), tier("Advanced")), 1, "Advanced", ""},
		{"8193 bytes", in("/new", long(8193), tier("Advanced")), 0, "", "ValidationException"},
		{"8193 bytes, intelligent", in("/new", long(8193), tier("Intelligent-Tiering")), 0, "", "ValidationException"},
		{"advanced stays", in("/big", "v", overwrite), 2, "Advanced", ""},
		{"no way back from advanced", in("/big", "v", overwrite, tier("Standard")), 0, "", "ValidationException"},
		{"an unknown tier", in("/new", "v", tier("Golden")), 0, "", "ValidationException"},

		{"15 levels", in(levels(15), "v"), 1, "Standard", ""},
		{"16 levels", in(levels(16), "v"), 0, "", "HierarchyLevelLimitExceededException"},
		{"a relative path", in("a/b", "v"), 0, "", "ValidationException"},
		{"an empty level", in("/a//b", "v"), 0, "", "ValidationException"},
		{"nothing after the last slash", in("/a/", "v"), 0, "", "ValidationException"},
		{"a space inside", in("/a b", "v"), 0, "", "ValidationException"},
		{"spaces around", in("  /old ", "v", overwrite), 2, "Standard", ""},
		{"a colon", in("/a:1", "v"), 0, "", "ValidationException"},
		{"an ARN", in("arn:aws:ssm:eu-west-1:123456789012:parameter/a", "v"), 0, "", "ValidationException"},
		{"aws first", in("awsome", "v"), 0, "", "ValidationException"},
		{"aws first in capitals", in("/AWSome/x", "v"), 0, "", "ValidationException"},
		{"ssm first", in("/ssm/x", "v"), 0, "", "ValidationException"},
		{"AWS's own path", in("/aws/service/canonical/x", "v"), 0, "", "AccessDeniedException"},
		{"AWS's own reserved path", in("/aws/reference/x", "v"), 0, "", "AccessDeniedException"},
		{"a name that fits", in("/"+long(1011-44-1), "v"), 1, "Standard", ""},
		{"a name that is too long", in("/"+long(1011-44), "v"), 0, "", "ValidationException"},

		{"a list", in("/new", "a,b", typed("StringList")), 1, "Standard", ""},
		{"a secret", in("/new", "v", typed("SecureString")), 1, "Standard", ""},
		{"a secret with a key", in("/new", "v", typed("SecureString"), key), 1, "Standard", ""},
		{"a key without a secret", in("/new", "v", key), 0, "", "ValidationException"},
		{"a pattern that matches", in("/new", "12", pattern(`^\d+$`)), 1, "Standard", ""},
		{"a pattern that does not", in("/new", "v", pattern(`^\d+$`)), 0, "", "ParameterPatternMismatchException"},
		{"a pattern of before", in("/digits", "v", overwrite), 0, "", "ParameterPatternMismatchException"},
		{"no pattern at all", in("/new", "v", pattern(`(`)), 0, "", "InvalidAllowedPatternException"},
		{"data type text", in("/new", "v", func(in *sdk.PutParameterInput) { in.DataType = aws.String("text") }), 1, "Standard", ""},
		{"another data type", in("/new", "v", func(in *sdk.PutParameterInput) { in.DataType = aws.String("aws:ec2:image") }), 0, "", "ValidationException"},
		{"a policy", in("/new", "v", func(in *sdk.PutParameterInput) { in.Policies = aws.String(`[{"Type":"Expiration"}]`) }), 0, "", "InvalidPolicyTypeException"},
		{"a long description", in("/new", "v", func(in *sdk.PutParameterInput) { in.Description = aws.String(long(1025)) }), 0, "", "ValidationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Service) {
				put(t, s, input("/old", "o"), in("/big", "b", tier("Advanced")), in("/digits", "1", pattern(`^\d+$`)))
				before := s.total()
				out, err := s.putParameter(t.Context(), c.in)
				if got := code(t, err); got != c.code {
					t.Fatalf("got %v, want code %q", err, c.code)
				}
				if err != nil {
					if s.total() != before {
						t.Error("it was stored")
					}
					return
				}
				if diff := cmp.Diff(&sdk.PutParameterOutput{Version: c.version, Tier: c.tier}, out, exported); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// total is how many versions there are of all parameters.
func (s *Service) total() int {
	n := 0
	for _, p := range s.parameters {
		n += len(p.versions)
	}
	return n
}

func TestOldestVersionsAreDropped(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		for i := range 103 {
			put(t, s, input("/p", fmt.Sprint(i+1)))
		}
		got := map[string]string{}
		for _, selector := range []string{"", ":103", ":4", ":3"} {
			out, err := s.getParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String("/p" + selector)})
			if err != nil {
				got[selector] = code(t, err)
				continue
			}
			got[selector] = *out.Parameter.Value
		}
		want := map[string]string{"": "103", ":103": "103", ":4": "4", ":3": "ParameterVersionNotFound"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStandardParametersAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		for i := range maxStandard {
			name := fmt.Sprintf("/p%d", i)
			s.parameters[name] = &parameter{name: name, versions: []version{{number: 1, kind: types.ParameterTypeString, tier: types.ParameterTierStandard}}}
		}
		advanced := input("/advanced", "v")
		advanced.Tier = types.ParameterTierAdvanced
		over := input("/p0", "v")
		over.Overwrite = aws.Bool(true)
		got := map[string]string{}
		for _, in := range []*sdk.PutParameterInput{input("/one-more", "v"), advanced, over} {
			_, err := s.putParameter(t.Context(), in)
			got[*in.Name] = code(t, err)
		}
		want := map[string]string{"/one-more": "ParameterLimitExceeded", "/advanced": "", "/p0": ""}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
		puts   int // of 10 at once that pass
		later  int // of 10 more, two seconds after
	}{
		{"none", Limits{}, 10, 10},
		{"default", DefaultLimits, 3, 3},
		{"one each two seconds", Limits{Put: 0.5}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Service) {
				s.SetLimits(c.limits)
				burst := func() (passed int) {
					for range 10 {
						in := input("/p", "v")
						in.Overwrite = aws.Bool(true)
						_, err := s.putParameter(t.Context(), in)
						switch code(t, err) {
						case "":
							passed++
						case "ThrottlingException":
						default:
							t.Fatal(err)
						}
					}
					return passed
				}
				first := burst()
				time.Sleep(2 * time.Second) // of the bubble
				if diff := cmp.Diff([]int{c.puts, c.later}, []int{first, burst()}); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestReadsShareALimit(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		put(t, s, input("/p", "v"))
		s.SetLimits(Limits{Get: 4})
		reads := []func() error{
			func() error {
				_, err := s.getParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String("/p")})
				return err
			},
			func() error {
				_, err := s.getParameters(t.Context(), &sdk.GetParametersInput{Names: []string{"/p"}})
				return err
			},
			func() error {
				_, err := s.getParametersByPath(t.Context(), &sdk.GetParametersByPathInput{Path: aws.String("/")})
				return err
			},
			func() error {
				_, err := s.getParameterHistory(t.Context(), &sdk.GetParameterHistoryInput{Name: aws.String("/p")})
				return err
			},
		}
		for round, want := range []string{"", "ThrottlingException"} {
			for i, read := range reads {
				if got := code(t, read()); got != want {
					t.Errorf("round %d, read %d: %q, want %q", round, i, got, want)
				}
			}
		}
	})
}
