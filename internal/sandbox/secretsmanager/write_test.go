package secretsmanager_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"
)

func TestRefusals(t *testing.T) {
	app, old := aws.String("app"), aws.String("old")
	create := func(in sdk.CreateSecretInput) func(w *world) error {
		return func(w *world) error {
			_, err := w.CreateSecret(w.ctx, &in)
			return err
		}
	}
	put := func(in sdk.PutSecretValueInput) func(w *world) error {
		return func(w *world) error {
			_, err := w.PutSecretValue(w.ctx, &in)
			return err
		}
	}
	update := func(in sdk.UpdateSecretInput) func(w *world) error {
		return func(w *world) error {
			_, err := w.UpdateSecret(w.ctx, &in)
			return err
		}
	}
	del := func(in sdk.DeleteSecretInput) func(w *world) error {
		return func(w *world) error {
			_, err := w.DeleteSecret(w.ctx, &in)
			return err
		}
	}
	list := func(in sdk.ListSecretsInput) func(w *world) error {
		return func(w *world) error {
			_, err := w.ListSecrets(w.ctx, &in)
			return err
		}
	}
	text := aws.String("text")
	for name, c := range map[string]struct {
		call func(w *world) error
		want string
	}{
		"a new name":            {create(sdk.CreateSecretInput{Name: aws.String("new"), SecretString: text}), ""},
		"a name that is taken":  {create(sdk.CreateSecretInput{Name: app, SecretString: text}), "ResourceExistsException"},
		"a name that goes":      {create(sdk.CreateSecretInput{Name: old, SecretString: text}), "InvalidRequestException"},
		"a name with a blank":   {create(sdk.CreateSecretInput{Name: aws.String("a b")}), "ValidationException"},
		"a name too long":       {create(sdk.CreateSecretInput{Name: aws.String(strings.Repeat("n", 513))}), "ValidationException"},
		"two kinds of value":    {create(sdk.CreateSecretInput{Name: aws.String("new"), SecretString: text, SecretBinary: []byte("b")}), "InvalidParameterException"},
		"a value too long":      {create(sdk.CreateSecretInput{Name: aws.String("new"), SecretString: aws.String(strings.Repeat("x", 65537))}), "ValidationException"},
		"the longest value":     {create(sdk.CreateSecretInput{Name: aws.String("new"), SecretString: aws.String(strings.Repeat("x", 65536))}), ""},
		"a short token":         {create(sdk.CreateSecretInput{Name: aws.String("new"), SecretString: text, ClientRequestToken: aws.String("short")}), "InvalidParameterException"},
		"replicas":              {create(sdk.CreateSecretInput{Name: aws.String("new"), AddReplicaRegions: []types.ReplicaRegionType{{Region: aws.String("eu-west-2")}}}), "InvalidParameterException"},
		"put to nothing":        {put(sdk.PutSecretValueInput{SecretId: aws.String("nothing"), SecretString: text}), "ResourceNotFoundException"},
		"put to what goes":      {put(sdk.PutSecretValueInput{SecretId: old, SecretString: text}), "InvalidRequestException"},
		"put nothing":           {put(sdk.PutSecretValueInput{SecretId: app}), "InvalidRequestException"},
		"a token of another":    {put(sdk.PutSecretValueInput{SecretId: app, SecretString: text, ClientRequestToken: aws.String(id("a"))}), "ResourceExistsException"},
		"the same again":        {put(sdk.PutSecretValueInput{SecretId: app, SecretString: aws.String("one"), ClientRequestToken: aws.String(id("a"))}), ""},
		"21 labels":             {put(sdk.PutSecretValueInput{SecretId: app, SecretString: text, VersionStages: make([]string, 21)}), "ValidationException"},
		"update nothing":        {update(sdk.UpdateSecretInput{SecretId: aws.String("nothing")}), "ResourceNotFoundException"},
		"update what goes":      {update(sdk.UpdateSecretInput{SecretId: old, Description: text}), "InvalidRequestException"},
		"delete nothing":        {del(sdk.DeleteSecretInput{SecretId: aws.String("nothing")}), "ResourceNotFoundException"},
		"force on nothing":      {del(sdk.DeleteSecretInput{SecretId: aws.String("nothing"), ForceDeleteWithoutRecovery: aws.Bool(true)}), ""},
		"delete twice":          {del(sdk.DeleteSecretInput{SecretId: old}), "InvalidRequestException"},
		"recovery of 6 days":    {del(sdk.DeleteSecretInput{SecretId: app, RecoveryWindowInDays: aws.Int64(6)}), "InvalidParameterException"},
		"recovery of 31 days":   {del(sdk.DeleteSecretInput{SecretId: app, RecoveryWindowInDays: aws.Int64(31)}), "InvalidParameterException"},
		"recovery and force":    {del(sdk.DeleteSecretInput{SecretId: app, RecoveryWindowInDays: aws.Int64(7), ForceDeleteWithoutRecovery: aws.Bool(true)}), "InvalidParameterException"},
		"a page of none":        {list(sdk.ListSecretsInput{MaxResults: aws.Int32(0)}), "ValidationException"},
		"a page too large":      {list(sdk.ListSecretsInput{MaxResults: aws.Int32(101)}), "ValidationException"},
		"a page of nobody":      {list(sdk.ListSecretsInput{NextToken: aws.String("%")}), "InvalidNextTokenException"},
		"a filter of nobody":    {list(sdk.ListSecretsInput{Filters: []types.Filter{{Key: "owning-service", Values: []string{"x"}}}}), "InvalidParameterException"},
		"a filter of no values": {list(sdk.ListSecretsInput{Filters: []types.Filter{{Key: "name", Values: []string{}}}}), "InvalidParameterException"},
		"an order of nobody":    {list(sdk.ListSecretsInput{SortBy: "size"}), "ValidationException"},
		"restore nothing": {func(w *world) error {
			_, err := w.RestoreSecret(w.ctx, &sdk.RestoreSecretInput{SecretId: aws.String("nothing")})
			return err
		}, "ResourceNotFoundException"},
		"describe nothing": {func(w *world) error {
			_, err := w.DescribeSecret(w.ctx, &sdk.DescribeSecretInput{SecretId: aws.String("nothing")})
			return err
		}, "ResourceNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.create("app", "zero")
				w.put("app", "a", "one")
				w.create("old", "x")
				w.delete("old", 7)
				if err := c.call(w); code(err) != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
			})
		})
	}
}

func TestCreateAgain(t *testing.T) {
	in(t, func(w *world) {
		ask := &sdk.CreateSecretInput{Name: aws.String("app"), SecretString: aws.String("s"), ClientRequestToken: aws.String(id("a"))}
		first, err := w.CreateSecret(w.ctx, ask)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.CreateSecret(w.ctx, ask)
		if err != nil || *again.ARN != *first.ARN || *again.VersionId != id("a") {
			t.Errorf("again: %+v, %v", again, err)
		}
		ask.SecretString = aws.String("other")
		if _, err := w.CreateSecret(w.ctx, ask); code(err) != "ResourceExistsException" {
			t.Errorf("with another value: %v", err)
		}
	})
}

// TestLabelsMove follows the labels of a secret from version to version.
func TestLabelsMove(t *testing.T) {
	in(t, func(w *world) {
		name := aws.String("app")
		stages := func() map[string][]string {
			t.Helper()
			out, err := w.DescribeSecret(w.ctx, &sdk.DescribeSecretInput{SecretId: name})
			if err != nil {
				t.Fatal(err)
			}
			return out.VersionIdsToStages
		}
		if _, err := w.CreateSecret(w.ctx, &sdk.CreateSecretInput{Name: name}); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			letter string
			labels []string
			want   map[string][]string
		}{
			{"a", []string{"next"}, map[string][]string{id("a"): {"next", "AWSCURRENT"}}}, // the first is current in any case
			{"b", nil, map[string][]string{id("a"): {"next", "AWSPREVIOUS"}, id("b"): {"AWSCURRENT"}}},
			{"c", []string{"next"}, map[string][]string{id("a"): {"AWSPREVIOUS"}, id("b"): {"AWSCURRENT"}, id("c"): {"next"}}},
			{"d", nil, map[string][]string{id("b"): {"AWSPREVIOUS"}, id("c"): {"next"}, id("d"): {"AWSCURRENT"}}},
		} {
			w.put("app", step.letter, "v", step.labels...)
			if d := cmp.Diff(step.want, stages()); d != "" {
				t.Errorf("after %s: %s", step.letter, d)
			}
		}
		if _, err := w.UpdateSecret(w.ctx, &sdk.UpdateSecretInput{
			SecretId: name, SecretString: aws.String("u"), ClientRequestToken: aws.String(id("e")), Description: aws.String("new"),
		}); err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{id("c"): {"next"}, id("d"): {"AWSPREVIOUS"}, id("e"): {"AWSCURRENT"}}
		if d := cmp.Diff(want, stages()); d != "" {
			t.Errorf("after the update: %s", d)
		}
	})
}

func TestOldVersionsAreForgotten(t *testing.T) {
	in(t, func(w *world) {
		w.create("app", "v")
		for i := range 101 {
			w.put("app", string(rune('0'+i/26))+string(rune('a'+i%26)), fmt.Sprint(i))
		}
		for letters, want := range map[string]string{"0a": "ResourceNotFoundException", "0b": ""} {
			_, err := w.GetSecretValue(w.ctx, &sdk.GetSecretValueInput{SecretId: aws.String("app"), VersionId: aws.String(id(letters))})
			if code(err) != want {
				t.Errorf("version %s: %v", letters, err)
			}
		}
	})
}

func TestDeletion(t *testing.T) {
	const day = 24 * time.Hour
	read := func(w *world) string {
		_, err := w.GetSecretValue(w.ctx, &sdk.GetSecretValueInput{SecretId: aws.String("app")})
		return code(err)
	}
	in(t, func(w *world) {
		w.create("app", "v")
		w.delete("app", 7)
		time.Sleep(7*day - time.Second)
		if got := read(w); got != "InvalidRequestException" {
			t.Errorf("before the end: %q", got)
		}
		if _, err := w.RestoreSecret(w.ctx, &sdk.RestoreSecretInput{SecretId: aws.String("app")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(day)
		if got := read(w); got != "" {
			t.Errorf("restored: %q", got)
		}
		out, err := w.DeleteSecret(w.ctx, &sdk.DeleteSecretInput{SecretId: aws.String("app")})
		if err != nil || !out.DeletionDate.Equal(time.Now().Add(30*day)) {
			t.Errorf("%+v, %v", out, err)
		}
		time.Sleep(30*day + time.Second)
		if got := read(w); got != "ResourceNotFoundException" {
			t.Errorf("after the end: %q", got)
		}
		w.create("app", "again")
		if _, err := w.DeleteSecret(w.ctx, &sdk.DeleteSecretInput{SecretId: aws.String("app"), ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		if got := read(w); got != "ResourceNotFoundException" {
			t.Errorf("by force: %q", got)
		}
		w.create("app", "at once")
	})
}
