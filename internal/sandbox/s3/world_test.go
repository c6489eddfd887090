package s3_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/s3"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an account with a bucket, in a bubble of its own time.
type world struct {
	*sdk.Client
	front   *wire.Front
	service *s3.Service
	presign *sdk.PresignClient
	http    *http.Client
}

const bucket = "staging"

func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		w := &world{front: wire.NewFront(acct), service: s3.New(acct)}
		w.front.Join(w.service.API(), w.service.Claims)
		if err := w.service.CreateBucket(bucket); err != nil {
			t.Fatal(err)
		}
		w.http = &http.Client{Transport: wire.Transport(w.front)}
		w.Client = sdk.NewFromConfig(aws.Config{
			Region: acct.Region, BaseEndpoint: aws.String("http://sandbox"), HTTPClient: w.http,
			Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "token"), RetryMaxAttempts: 1,
		}, func(o *sdk.Options) { o.UsePathStyle = true })
		w.presign = sdk.NewPresignClient(w.Client)
		test(t, w)
	})
}

// fetch sends a request that carries no signature but what is in its URL: the status, and the body or the error's code and
// message.
func (w *world) fetch(t *testing.T, method, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := w.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", reply.StatusCode, body)
}

// code is that of an error of the API; "" for none.
func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
