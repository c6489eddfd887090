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

const arnPrefix = "arn:aws:ssm:eu-west-1:123456789012:parameter"

func secret(name, value string) *sdk.PutParameterInput {
	in := input(name, value)
	in.Type = types.ParameterTypeSecureString
	return in
}

func TestGetParameter(t *testing.T) {
	for _, c := range []struct {
		name, ask string
		decrypt   bool
		want      *types.Parameter // without what all have
		code      string
	}{
		{"latest", "/color", false, &types.Parameter{Name: aws.String("/color"), Value: aws.String("green"), Version: 2, ARN: aws.String(arnPrefix + "/color")}, ""},
		{"version", "/color:1", false, &types.Parameter{Name: aws.String("/color"), Value: aws.String("blue"), Version: 1, ARN: aws.String(arnPrefix + "/color"), Selector: aws.String(":1")}, ""},
		{"by ARN", arnPrefix + "/color", false, &types.Parameter{Name: aws.String("/color"), Value: aws.String("green"), Version: 2, ARN: aws.String(arnPrefix + "/color")}, ""},
		{"version by ARN", arnPrefix + "/color:1", false, &types.Parameter{Name: aws.String("/color"), Value: aws.String("blue"), Version: 1, ARN: aws.String(arnPrefix + "/color"), Selector: aws.String(":1")}, ""},
		{"without a path by ARN", arnPrefix + "/plain", false, &types.Parameter{Name: aws.String("plain"), Value: aws.String("p"), Version: 1, ARN: aws.String(arnPrefix + "/plain")}, ""},
		{"decrypted", "/secret", true, &types.Parameter{Name: aws.String("/secret"), Value: aws.String("s3cret"), Version: 1, ARN: aws.String(arnPrefix + "/secret"), Type: "SecureString"}, ""},
		{"unknown", "/nothing", false, nil, "ParameterNotFound"},
		{"other case", "/Color", false, nil, "ParameterNotFound"},
		{"no such version", "/color:3", false, nil, "ParameterVersionNotFound"},
		{"no such label", "/color:live", false, nil, "ParameterVersionNotFound"},
		{"empty", "", false, nil, "ParameterNotFound"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Service) {
				put(t, s, input("/color", "blue"), input("/color", "green"), input("plain", "p"), secret("/secret", "s3cret"))
				out, err := s.getParameter(t.Context(), &sdk.GetParameterInput{Name: &c.ask, WithDecryption: &c.decrypt})
				if got := code(t, err); got != c.code {
					t.Fatalf("got %v, want code %q", err, c.code)
				}
				if err != nil {
					return
				}
				if c.want.Type == "" {
					c.want.Type = types.ParameterTypeString
				}
				c.want.DataType, c.want.LastModifiedDate = aws.String("text"), aws.Time(time.Now().UTC())
				if diff := cmp.Diff(c.want, out.Parameter, exported); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestSecretsAreNotTold(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		put(t, s, secret("/secret", "s3cret"))
		one, err := s.getParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String("/secret")})
		if err != nil {
			t.Fatal(err)
		}
		history, err := s.getParameterHistory(t.Context(), &sdk.GetParameterHistoryInput{Name: aws.String("/secret")})
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{*one.Parameter.Value, *history.Parameters[0].Value} {
			if value == "" || strings.Contains(value, "s3cret") {
				t.Errorf("the value is %q", value)
			}
		}
		if got := aws.ToString(history.Parameters[0].KeyId); got != "alias/aws/ssm" {
			t.Errorf("key %q", got)
		}
	})
}

func TestGetParameters(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		put(t, s, input("/b", "2"), input("/a", "1"), input("/a", "3"))
		out, err := s.getParameters(t.Context(), &sdk.GetParametersInput{Names: []string{"/b", "/nothing", "/a:1", "/b", "/a:9"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range out.Parameters {
			got = append(got, fmt.Sprintf("%s=%s", *p.Name, *p.Value))
		}
		if diff := cmp.Diff([][]string{{"/a=1", "/b=2"}, {"/a:9", "/nothing"}}, [][]string{got, out.InvalidParameters}); diff != "" {
			t.Error(diff)
		}
		for _, names := range [][]string{nil, make([]string, 11)} {
			_, err := s.getParameters(t.Context(), &sdk.GetParametersInput{Names: names})
			if got := code(t, err); got != "ValidationException" {
				t.Errorf("%d names: %v", len(names), err)
			}
		}
	})
}

// namesBelow asks for all pages.
func namesBelow(t *testing.T, s *Service, in *sdk.GetParametersByPathInput) []string {
	t.Helper()
	var names []string
	for {
		out, err := s.getParametersByPath(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Parameters {
			names = append(names, *p.Name)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return names
		}
	}
}

func TestGetParametersByPath(t *testing.T) {
	for _, c := range []struct {
		name string
		in   sdk.GetParametersByPathInput
		want []string
	}{
		{"one level", sdk.GetParametersByPathInput{Path: aws.String("/app")}, []string{"/app/a", "/app/z"}},
		{"a slash at the end", sdk.GetParametersByPathInput{Path: aws.String("/app/")}, []string{"/app/a", "/app/z"}},
		{"all levels", sdk.GetParametersByPathInput{Path: aws.String("/app"), Recursive: aws.Bool(true)}, []string{"/app/a", "/app/deep/er/d", "/app/deep/s", "/app/z"}},
		{"a page each", sdk.GetParametersByPathInput{Path: aws.String("/app"), Recursive: aws.Bool(true), MaxResults: aws.Int32(1)}, []string{"/app/a", "/app/deep/er/d", "/app/deep/s", "/app/z"}},
		{"nothing there", sdk.GetParametersByPathInput{Path: aws.String("/nothing")}, nil},
		{"the name itself is not below", sdk.GetParametersByPathInput{Path: aws.String("/app/a")}, nil},
		{"the root", sdk.GetParametersByPathInput{Path: aws.String("/")}, []string{"/apple", "plain"}},
		{"by type", sdk.GetParametersByPathInput{Path: aws.String("/app"), Recursive: aws.Bool(true), ParameterFilters: []types.ParameterStringFilter{
			{Key: aws.String("Type"), Values: []string{"SecureString"}}}}, []string{"/app/deep/s"}},
		{"by type, a page each", sdk.GetParametersByPathInput{Path: aws.String("/app"), Recursive: aws.Bool(true), MaxResults: aws.Int32(1), ParameterFilters: []types.ParameterStringFilter{
			{Key: aws.String("Type"), Option: aws.String("BeginsWith"), Values: []string{"Secure", "List"}}}}, []string{"/app/deep/s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Service) {
				put(t, s, input("/app/z", "1"), input("/app/a", "1"), secret("/app/deep/s", "1"), input("/app/deep/er/d", "1"),
					input("/apple", "1"), input("plain", "1"))
				if diff := cmp.Diff(c.want, namesBelow(t, s, &c.in)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestPagesStandStill(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		for i := range 15 {
			put(t, s, input(fmt.Sprintf("/app/p%02d", 2*i), "v"))
		}
		in := &sdk.GetParametersByPathInput{Path: aws.String("/app")}
		first, err := s.getParametersByPath(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, input("/app/p01", "before where the page ended"))
		in.NextToken = first.NextToken
		second, err := s.getParametersByPath(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if len(first.Parameters) != 10 || len(second.Parameters) != 5 || second.NextToken != nil || *second.Parameters[0].Name != "/app/p20" {
			t.Errorf("pages of %d and %d, the second begins with %s", len(first.Parameters), len(second.Parameters), *second.Parameters[0].Name)
		}
	})
}

func TestGetParametersByPathRefusals(t *testing.T) {
	filter := func(key, option string, values ...string) []types.ParameterStringFilter {
		return []types.ParameterStringFilter{{Key: &key, Option: &option, Values: values}}
	}
	path := aws.String("/app")
	for _, c := range []struct {
		name string
		in   sdk.GetParametersByPathInput
		want string
	}{
		{"no path", sdk.GetParametersByPathInput{}, "ValidationException"},
		{"no slash first", sdk.GetParametersByPathInput{Path: aws.String("app")}, "ValidationException"},
		{"a version", sdk.GetParametersByPathInput{Path: aws.String("/app:1")}, "ValidationException"},
		{"16 levels", sdk.GetParametersByPathInput{Path: aws.String(strings.Repeat("/x", 16))}, "HierarchyLevelLimitExceededException"},
		{"10 results", sdk.GetParametersByPathInput{Path: path, MaxResults: aws.Int32(10)}, ""},
		{"11 results", sdk.GetParametersByPathInput{Path: path, MaxResults: aws.Int32(11)}, "ValidationException"},
		{"no results", sdk.GetParametersByPathInput{Path: path, MaxResults: aws.Int32(0)}, "ValidationException"},
		{"a token of nobody", sdk.GetParametersByPathInput{Path: path, NextToken: aws.String("%")}, "InvalidNextToken"},
		{"a filter of another call", sdk.GetParametersByPathInput{Path: path, ParameterFilters: filter("Name", "Equals", "x")}, "InvalidFilterKey"},
		{"an option of another filter", sdk.GetParametersByPathInput{Path: path, ParameterFilters: filter("Type", "Contains", "x")}, "InvalidFilterOption"},
		{"no values", sdk.GetParametersByPathInput{Path: path, ParameterFilters: filter("Type", "Equals")}, "InvalidFilterValue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Service) {
				_, err := s.getParametersByPath(t.Context(), &c.in)
				if got := code(t, err); got != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
			})
		})
	}
}

func TestGetParameterHistory(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		first := input("/p", "1")
		first.Description = aws.String("what it is")
		put(t, s, first, input("/p", "2"), input("/p", "3"))
		in := &sdk.GetParameterHistoryInput{Name: aws.String("/p"), MaxResults: aws.Int32(2)}
		var got []types.ParameterHistory
		for {
			out, err := s.getParameterHistory(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, out.Parameters...)
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		var want []types.ParameterHistory
		for i, value := range []string{"1", "2", "3"} {
			want = append(want, types.ParameterHistory{
				Name: aws.String("/p"), Value: aws.String(value), Version: int64(i + 1), Type: "String", Tier: "Standard",
				DataType: aws.String("text"), Description: aws.String("what it is"), LastModifiedDate: aws.Time(time.Now().UTC()),
				LastModifiedUser: aws.String("arn:aws:iam::123456789012:user/sandbox"),
				Labels:           []string{}, Policies: []types.ParameterInlinePolicy{},
			})
		}
		if diff := cmp.Diff(want, got, exported); diff != "" {
			t.Error(diff)
		}
		for name, want := range map[string]string{"/nothing": "ParameterNotFound"} {
			_, err := s.getParameterHistory(t.Context(), &sdk.GetParameterHistoryInput{Name: &name})
			if got := code(t, err); got != want {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
