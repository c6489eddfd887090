package ssm

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func TestDescribeParameters(t *testing.T) {
	filter := func(key, option string, values ...string) types.ParameterStringFilter {
		f := types.ParameterStringFilter{Key: &key, Values: values}
		if option != "" {
			f.Option = &option
		}
		return f
	}
	for _, c := range []struct {
		name    string
		filters []types.ParameterStringFilter
		want    []string
		code    string
	}{
		{"all", nil, []string{"/app/a", "/app/deep/s", "/other", "plain"}, ""},
		{"by name", []types.ParameterStringFilter{filter("Name", "", "/other", "/nothing")}, []string{"/other"}, ""},
		{"by name without its slash", []types.ParameterStringFilter{filter("Name", "Equals", "other")}, []string{"/other"}, ""},
		{"by the beginning of a name", []types.ParameterStringFilter{filter("Name", "BeginsWith", "/app/")}, []string{"/app/a", "/app/deep/s"}, ""},
		{"by a part of a name", []types.ParameterStringFilter{filter("Name", "Contains", "ee")}, []string{"/app/deep/s"}, ""},
		{"by path, one level", []types.ParameterStringFilter{filter("Path", "", "/app")}, []string{"/app/a"}, ""},
		{"by path, all levels", []types.ParameterStringFilter{filter("Path", "Recursive", "/app")}, []string{"/app/a", "/app/deep/s"}, ""},
		{"by type", []types.ParameterStringFilter{filter("Type", "", "SecureString")}, []string{"/app/deep/s"}, ""},
		{"by key", []types.ParameterStringFilter{filter("KeyId", "BeginsWith", "alias/")}, []string{"/app/deep/s"}, ""},
		{"by tier", []types.ParameterStringFilter{filter("Tier", "", "Advanced")}, nil, ""},
		{"by data type", []types.ParameterStringFilter{filter("DataType", "", "text"), filter("Name", "", "plain")}, []string{"plain"}, ""},
		{"by tag", []types.ParameterStringFilter{filter("tag:app", "", "web")}, []string{"/other"}, ""},
		{"by a tag of any value", []types.ParameterStringFilter{filter("tag:app", "")}, []string{"/other"}, ""},
		{"by another value of a tag", []types.ParameterStringFilter{filter("tag:app", "", "db")}, nil, ""},
		{"by two that exclude each other", []types.ParameterStringFilter{filter("Name", "", "plain"), filter("Path", "", "/app")}, nil, ""},
		{"an unknown filter", []types.ParameterStringFilter{filter("Colour", "", "blue")}, nil, "InvalidFilterKey"},
		{"an unknown option", []types.ParameterStringFilter{filter("Type", "Contains", "S")}, nil, "InvalidFilterOption"},
		{"no values", []types.ParameterStringFilter{filter("Name", "")}, nil, "InvalidFilterValue"},
		{"an empty value", []types.ParameterStringFilter{filter("Name", "", "")}, nil, "InvalidFilterValue"},
		{"a path that is none", []types.ParameterStringFilter{filter("Path", "", "app")}, nil, "ValidationException"},
		{"a filter twice", []types.ParameterStringFilter{filter("Name", "", "a"), filter("Name", "", "b")}, nil, "ValidationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Service) {
				tagged := input("/other", "v")
				tagged.Tags = []types.Tag{{Key: aws.String("app"), Value: aws.String("web")}}
				put(t, s, input("/app/a", "v"), secret("/app/deep/s", "v"), tagged, input("plain", "v"))
				out, err := s.describeParameters(t.Context(), &sdk.DescribeParametersInput{ParameterFilters: c.filters})
				if got := code(t, err); got != c.code {
					t.Fatalf("got %v, want code %q", err, c.code)
				}
				if err != nil {
					return
				}
				var got []string
				for _, p := range out.Parameters {
					got = append(got, *p.Name)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestDescribeParametersTellsAll(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		in := secret("/app/s", "12")
		in.Description, in.AllowedPattern = aws.String("a secret"), aws.String("[0-9]+")
		put(t, s, in, secret("/app/t", "v"))
		out, err := s.describeParameters(t.Context(), &sdk.DescribeParametersInput{MaxResults: aws.Int32(1)})
		if err != nil {
			t.Fatal(err)
		}
		want := []types.ParameterMetadata{{
			Name: aws.String("/app/s"), ARN: aws.String(arnPrefix + "/app/s"), Type: "SecureString", KeyId: aws.String("alias/aws/ssm"),
			DataType: aws.String("text"), Tier: "Standard", Version: 1, Description: aws.String("a secret"),
			AllowedPattern: aws.String("[0-9]+"), LastModifiedDate: aws.Time(time.Now().UTC()),
			LastModifiedUser: aws.String("arn:aws:iam::123456789012:user/sandbox"), Policies: []types.ParameterInlinePolicy{},
		}}
		if diff := cmp.Diff(want, out.Parameters, exported); diff != "" || out.NextToken == nil {
			t.Errorf("token %v, %s", out.NextToken, diff)
		}
		for name, in := range map[string]*sdk.DescribeParametersInput{
			"51 results":        {MaxResults: aws.Int32(51)},
			"the older filters": {Filters: []types.ParametersFilter{{Key: "Name", Values: []string{"x"}}}},
		} {
			_, err := s.describeParameters(t.Context(), in)
			if got := code(t, err); got != "ValidationException" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestDelete(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		put(t, s, input("/a", "1"), input("/a", "2"), input("/b", "1"))
		several, err := s.deleteParameters(t.Context(), &sdk.DeleteParametersInput{Names: []string{"/nothing", "/b", "/b"}})
		if err != nil {
			t.Fatal(err)
		}
		want := &sdk.DeleteParametersOutput{DeletedParameters: []string{"/b"}, InvalidParameters: []string{"/nothing"}}
		if diff := cmp.Diff(want, several, exported); diff != "" {
			t.Error(diff)
		}
		var got []string
		for range 2 {
			_, err := s.deleteParameter(t.Context(), &sdk.DeleteParameterInput{Name: aws.String("/a")})
			got = append(got, code(t, err))
		}
		if diff := cmp.Diff([]string{"", "ParameterNotFound"}, got); diff != "" {
			t.Error(diff)
		}
		again, err := s.putParameter(t.Context(), input("/a", "3"))
		if err != nil || again.Version != 1 {
			t.Errorf("put again: %v, %v", again, err)
		}
		for _, names := range [][]string{nil, make([]string, 11)} {
			_, err := s.deleteParameters(t.Context(), &sdk.DeleteParametersInput{Names: names})
			if got := code(t, err); got != "ValidationException" {
				t.Errorf("%d names: %v", len(names), err)
			}
		}
	})
}

func TestTags(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
		in := input("/p", "v")
		in.Tags = []types.Tag{tag("app", "web"), tag("owner", "a")}
		put(t, s, in)
		parameter, id := types.ResourceTypeForTaggingParameter, aws.String("/p")
		if _, err := s.addTagsToResource(t.Context(), &sdk.AddTagsToResourceInput{
			ResourceType: parameter, ResourceId: id, Tags: []types.Tag{tag("owner", "b"), tag("cost", "1")},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.removeTagsFromResource(t.Context(), &sdk.RemoveTagsFromResourceInput{
			ResourceType: parameter, ResourceId: id, TagKeys: []string{"app", "nothing"},
		}); err != nil {
			t.Fatal(err)
		}
		out, err := s.listTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceType: parameter, ResourceId: id})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]types.Tag{tag("cost", "1"), tag("owner", "b")}, out.TagList, exported); diff != "" {
			t.Error(diff)
		}
		for _, c := range []struct {
			kind     types.ResourceTypeForTagging
			id, want string
		}{
			{parameter, "/nothing", "InvalidResourceId"},
			{types.ResourceTypeForTaggingDocument, "/p", "InvalidResourceType"},
		} {
			_, err := s.listTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceType: c.kind, ResourceId: &c.id})
			if got := code(t, err); got != c.want {
				t.Errorf("%s %s: %v", c.kind, c.id, err)
			}
		}
	})
}
