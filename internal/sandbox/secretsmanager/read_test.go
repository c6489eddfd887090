package secretsmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var exported = cmpopts.IgnoreUnexported(types.SecretListEntry{}, types.SecretValueEntry{}, types.APIErrorType{}, types.Tag{},
	sdk.DescribeSecretOutput{}, sdk.GetSecretValueOutput{}, sdk.BatchGetSecretValueOutput{})

var withoutMetadata = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ResultMetadata" }, cmp.Ignore())

func TestGetSecretValue(t *testing.T) {
	const marked = "You can't perform this operation on the secret because it was marked for deletion."
	for name, c := range map[string]struct {
		ask     func(arn string) *sdk.GetSecretValueInput
		want    string // the value, or "code: message" of the refusal
		refused bool
	}{
		"by name": {func(string) *sdk.GetSecretValueInput { return &sdk.GetSecretValueInput{SecretId: aws.String("app/db")} }, "three", false},
		"by ARN":  {func(arn string) *sdk.GetSecretValueInput { return &sdk.GetSecretValueInput{SecretId: &arn} }, "three", false},
		"partial ARN": {func(arn string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String(arn[:len(arn)-7])}
		}, "three", false},
		"by label": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionStage: aws.String("AWSPREVIOUS")}
		}, "two", false},
		"by own label": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionStage: aws.String("candidate")}
		}, "four", false},
		"by id": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionId: aws.String(id("a"))}
		}, "one", false},
		"by id and label": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionId: aws.String(id("c")), VersionStage: aws.String("AWSCURRENT")}
		}, "three", false},
		"unknown": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/nothing")}
		},
			"ResourceNotFoundException: Secrets Manager can't find the specified secret.", true},
		"a name in other case": {func(string) *sdk.GetSecretValueInput { return &sdk.GetSecretValueInput{SecretId: aws.String("App/db")} },
			"ResourceNotFoundException: Secrets Manager can't find the specified secret.", true},
		"an ARN with another suffix": {func(arn string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String(arn[:len(arn)-6] + "AAAAAA")}
		}, "ResourceNotFoundException: Secrets Manager can't find the specified secret.", true},
		"a partial ARN that looks whole": {func(arn string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String(strings.Replace(arn[:len(arn)-7], "app/db", "app-secret", 1))}
		}, "ResourceNotFoundException: Secrets Manager can't find the specified secret.", true},
		"unknown label": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionStage: aws.String("AWSPENDING")}
		}, "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSPENDING", true},
		"unknown id": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionId: aws.String(id("z"))}
		}, "ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: " + id("z"), true},
		"a label of another id": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app/db"), VersionId: aws.String(id("a")), VersionStage: aws.String("AWSCURRENT")}
		}, "InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.", true},
		"no value yet": {func(string) *sdk.GetSecretValueInput { return &sdk.GetSecretValueInput{SecretId: aws.String("empty")} },
			"ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT", true},
		"to be deleted": {func(string) *sdk.GetSecretValueInput { return &sdk.GetSecretValueInput{SecretId: aws.String("old")} }, "InvalidRequestException: " + marked, true},
		"no id at all":  {func(string) *sdk.GetSecretValueInput { return &sdk.GetSecretValueInput{SecretId: aws.String("")} }, "ValidationException: ", true},
		"never rotated": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app-secret"), VersionStage: aws.String("AWSPREVIOUS")}
		}, "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS", true},
		"whole ARN again": {func(string) *sdk.GetSecretValueInput {
			return &sdk.GetSecretValueInput{SecretId: aws.String("app-secret")}
		}, "trap", false},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				if _, err := w.CreateSecret(w.ctx, &sdk.CreateSecretInput{Name: aws.String("empty")}); err != nil {
					t.Fatal(err)
				}
				w.create("old", "x")
				w.delete("old", 7)
				w.create("app-secret", "trap")
				arn := w.create("app/db", "zero")
				w.put("app/db", "a", "one")
				w.put("app/db", "b", "two")
				w.put("app/db", "c", "three")
				w.put("app/db", "d", "four", "candidate")
				out, err := w.GetSecretValue(w.ctx, c.ask(arn))
				switch {
				case !c.refused && (err != nil || *out.SecretString != c.want):
					t.Errorf("got %+v, %v, want %s", out, err, c.want)
				case c.refused && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Errorf("got %v, want %s", err, c.want)
				}
			})
		})
	}
}

func TestSecretsReadBack(t *testing.T) {
	in(t, func(w *world) {
		made, err := w.CreateSecret(w.ctx, &sdk.CreateSecretInput{
			Name: aws.String("app/key"), SecretBinary: []byte("\x00\xff"), Description: aws.String("what it is"), KmsKeyId: aws.String("alias/app"),
			Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}}, ClientRequestToken: aws.String(id("a")),
		})
		if err != nil {
			t.Fatal(err)
		}
		created := time.Now().UTC()
		time.Sleep(time.Hour)
		got, err := w.GetSecretValue(w.ctx, &sdk.GetSecretValueInput{SecretId: aws.String("app/key")})
		if err != nil {
			t.Fatal(err)
		}
		value := &sdk.GetSecretValueOutput{
			ARN: made.ARN, Name: aws.String("app/key"), SecretBinary: []byte("\x00\xff"), VersionId: aws.String(id("a")),
			VersionStages: []string{"AWSCURRENT"}, CreatedDate: &created,
		}
		if d := cmp.Diff(value, got, exported, withoutMetadata); d != "" {
			t.Error(d)
		}
		w.put("app/key", "b", "text")
		described, err := w.DescribeSecret(w.ctx, &sdk.DescribeSecretInput{SecretId: aws.String("app/key")})
		if err != nil {
			t.Fatal(err)
		}
		want := &sdk.DescribeSecretOutput{
			ARN: made.ARN, Name: aws.String("app/key"), Description: aws.String("what it is"), KmsKeyId: aws.String("alias/app"),
			Tags:               []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
			VersionIdsToStages: map[string][]string{id("a"): {"AWSPREVIOUS"}, id("b"): {"AWSCURRENT"}},
			CreatedDate:        &created, LastChangedDate: aws.Time(created.Add(time.Hour)), LastAccessedDate: aws.Time(created.Truncate(24 * time.Hour)),
		}
		if d := cmp.Diff(want, described, exported, withoutMetadata); d != "" {
			t.Error(d)
		}
		w.delete("app/key", 7)
		described, err = w.DescribeSecret(w.ctx, &sdk.DescribeSecretInput{SecretId: aws.String("app/key")})
		if err != nil || !described.DeletedDate.Equal(time.Now().Add(7*24*time.Hour)) {
			t.Errorf("to be deleted: %+v, %v", described, err)
		}
	})
}

func TestBatchGetSecretValue(t *testing.T) {
	in(t, func(w *world) {
		for _, name := range []string{"app/a", "app/b", "app/c", "other"} {
			w.create(name, "value of "+name)
		}
		w.delete("app/b", 7)
		type entry struct{ Name, Text string }
		read := func(in *sdk.BatchGetSecretValueInput) (values []entry, failed []string) {
			t.Helper()
			for {
				out, err := w.BatchGetSecretValue(w.ctx, in)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range out.SecretValues {
					values = append(values, entry{*v.Name, *v.SecretString})
				}
				for _, e := range out.Errors {
					failed = append(failed, *e.SecretId+" "+*e.ErrorCode)
				}
				if in.NextToken = out.NextToken; in.NextToken == nil {
					return values, failed
				}
			}
		}
		values, failed := read(&sdk.BatchGetSecretValueInput{SecretIdList: []string{"other", "app/b", "app/a", "nothing"}})
		if d := cmp.Diff([]entry{{"other", "value of other"}, {"app/a", "value of app/a"}}, values); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"app/b InvalidRequestException", "nothing ResourceNotFoundException"}, failed); d != "" {
			t.Error(d)
		}
		values, failed = read(&sdk.BatchGetSecretValueInput{MaxResults: aws.Int32(1), Filters: []types.Filter{{Key: "name", Values: []string{"app/"}}}})
		if d := cmp.Diff([]entry{{"app/a", "value of app/a"}, {"app/c", "value of app/c"}}, values); d != "" || len(failed) > 0 {
			t.Error(d, failed)
		}
		for name, in := range map[string]*sdk.BatchGetSecretValueInput{
			"nothing asked": {},
			"both asked":    {SecretIdList: []string{"other"}, Filters: []types.Filter{{Key: "name", Values: []string{"a"}}}},
			"pages of ids":  {SecretIdList: []string{"other"}, MaxResults: aws.Int32(1)},
		} {
			if _, err := w.BatchGetSecretValue(w.ctx, in); code(err) != "InvalidParameterException" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.BatchGetSecretValue(w.ctx, &sdk.BatchGetSecretValueInput{SecretIdList: make([]string, 21)}); code(err) != "ValidationException" {
			t.Errorf("21 ids: %v", err)
		}
	})
}

func TestListSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		in   sdk.ListSecretsInput
		want []string
	}{
		"all, by age":            {sdk.ListSecretsInput{}, []string{"b", "a", "app/x"}},
		"youngest first":         {sdk.ListSecretsInput{SortOrder: "desc"}, []string{"app/x", "a", "b"}},
		"by name":                {sdk.ListSecretsInput{SortBy: "name"}, []string{"a", "app/x", "b"}},
		"by change":              {sdk.ListSecretsInput{SortBy: "last-changed-date", SortOrder: "desc"}, []string{"b", "app/x", "a"}},
		"by access":              {sdk.ListSecretsInput{SortBy: "last-accessed-date", SortOrder: "desc"}, []string{"a", "b", "app/x"}},
		"a page each":            {sdk.ListSecretsInput{MaxResults: aws.Int32(1)}, []string{"b", "a", "app/x"}},
		"with what will go":      {sdk.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)}, []string{"b", "a", "app/x", "gone"}},
		"of a prefix":            {sdk.ListSecretsInput{Filters: []types.Filter{{Key: "name", Values: []string{"app/", "b"}}}}, []string{"b", "app/x"}},
		"not of a prefix":        {sdk.ListSecretsInput{Filters: []types.Filter{{Key: "name", Values: []string{"!app/"}}}}, []string{"b", "a"}},
		"by tag":                 {sdk.ListSecretsInput{Filters: []types.Filter{{Key: "tag-key", Values: []string{"team"}}, {Key: "tag-value", Values: []string{"shop"}}}}, []string{"app/x"}},
		"by tag of nobody":       {sdk.ListSecretsInput{Filters: []types.Filter{{Key: "tag-value", Values: []string{"Shop"}}}}, nil},
		"by description, in any": {sdk.ListSecretsInput{Filters: []types.Filter{{Key: "description", Values: []string{"The"}}}}, []string{"app/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.create("b", "1")
				time.Sleep(time.Second)
				w.create("a", "1")
				time.Sleep(time.Second)
				if _, err := w.CreateSecret(w.ctx, &sdk.CreateSecretInput{
					Name: aws.String("app/x"), Description: aws.String("the key"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
				}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				w.create("gone", "1")
				w.delete("gone", 30)
				w.put("b", "a", "2")
				if _, err := w.GetSecretValue(w.ctx, &sdk.GetSecretValueInput{SecretId: aws.String("a")}); err != nil {
					t.Fatal(err)
				}
				var got []string
				for {
					out, err := w.ListSecrets(w.ctx, &c.in)
					if err != nil {
						t.Fatal(err)
					}
					for _, s := range out.SecretList {
						got = append(got, *s.Name)
					}
					if c.in.NextToken = out.NextToken; c.in.NextToken == nil {
						break
					}
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
			})
		})
	}
}
