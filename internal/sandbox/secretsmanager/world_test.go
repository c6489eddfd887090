package secretsmanager_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/secretsmanager"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an account with secrets and the SDK's client of them.
type world struct {
	*sdk.Client
	t   *testing.T
	ctx context.Context
}

// in runs a test in a world of its own, in a bubble of its own time.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		front := wire.NewFront(acct, secretsmanager.New(acct).API())
		test(&world{t: t, ctx: t.Context(), Client: sdk.New(sdk.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{},
			Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
			HTTPClient:  &http.Client{Transport: wire.Transport(front)},
		})})
	})
}

// create makes a secret and returns its ARN.
func (w *world) create(name, text string) string {
	w.t.Helper()
	out, err := w.CreateSecret(w.ctx, &sdk.CreateSecretInput{Name: &name, SecretString: &text})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.ARN
}

// put makes a version whose id is 32 times the letter.
func (w *world) put(name, letter, text string, labels ...string) {
	w.t.Helper()
	_, err := w.PutSecretValue(w.ctx, &sdk.PutSecretValueInput{
		SecretId: &name, SecretString: &text, ClientRequestToken: aws.String(id(letter)), VersionStages: labels,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func id(letter string) string {
	var s string
	for range 32 {
		s += letter
	}
	return s
}

func (w *world) delete(name string, days int64) {
	w.t.Helper()
	if _, err := w.DeleteSecret(w.ctx, &sdk.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: &days}); err != nil {
		w.t.Fatal(err)
	}
}

// code is the error code of a refusal; "" when there was none.
func code(err error) string {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	if err != nil {
		return "not an API error: " + err.Error()
	}
	return ""
}
