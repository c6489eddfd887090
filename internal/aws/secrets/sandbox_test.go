package secrets_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/secrets"
	"bluegreen/internal/aws/session"
	"bluegreen/internal/sandbox/account"
	sandbox "bluegreen/internal/sandbox/secretsmanager"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A rotation changes the version, and a secret that is to be deleted cannot be read any more.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, acct := t.Context(), account.New(account.Options{})
		defer acct.Close()
		cfg, err := session.Load(ctx, session.Options{
			Region: "eu-west-1", HTTP: wire.Transport(wire.NewFront(acct, sandbox.New(acct).API())), Endpoint: "http://sandbox",
			Credentials: stack.Credentials(),
		})
		if err != nil {
			t.Fatal(err)
		}
		sdk, client := secretsmanager.NewFromConfig(cfg), secrets.New(cfg)
		if _, err := client.Get(ctx, "shop/db#password"); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("before it is made: %v", err)
		}
		made, err := sdk.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("shop/db"), SecretString: aws.String(`{"password":"one"}`)})
		if err != nil {
			t.Fatal(err)
		}
		first, err := client.Get(ctx, "shop/db#password")
		if err != nil || first.Value.Reveal() != "one" || first.ARN != *made.ARN || first.Version != *made.VersionId || first.Created.IsZero() {
			t.Errorf("%+v %q, %v", first, first.Value.Reveal(), err)
		}
		if _, err := sdk.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: aws.String(`{"password":"two"}`)}); err != nil {
			t.Fatal(err)
		}
		second, err := client.Get(ctx, *made.ARN+"#password")
		if err != nil || second.Value.Reveal() != "two" || second.Version == first.Version {
			t.Errorf("%+v %q, %v", second, second.Value.Reveal(), err)
		}
		if _, err := sdk.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: made.ARN}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Get(ctx, "shop/db"); awserr.Code(err) != "InvalidRequestException" || awserr.Transient(err) {
			t.Errorf("when it is to be deleted: %v", err)
		}
	})
}
