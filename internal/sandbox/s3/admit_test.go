package s3_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestPresigned(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.put(t, "set-up.sh", "echo done")
		signed, err := w.presign.PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("set-up.sh")},
			sdk.WithPresignExpires(30*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		with := func(name, value string) string {
			u, err := url.Parse(signed.URL)
			if err != nil {
				t.Fatal(err)
			}
			query := u.Query()
			if query.Set(name, value); value == "" {
				query.Del(name)
			}
			u.RawQuery = query.Encode()
			return u.String()
		}
		const bare = "http://sandbox/" + bucket + "/set-up.sh"
		for _, c := range []struct{ what, url, want string }{
			{"as signed", signed.URL, "200 echo done"},
			{"without a signature", with("X-Amz-Signature", ""), "400 AuthorizationQueryParametersError"},
			{"with something else for it", with("X-Amz-Signature", "0"), "403 SignatureDoesNotMatch"},
			{"by another algorithm", with("X-Amz-Algorithm", "AWS"), "400 AuthorizationQueryParametersError"},
			{"without a date", with("X-Amz-Date", "today"), "400 AuthorizationQueryParametersError"},
			{"for more than a week", with("X-Amz-Expires", "604801"), "400 AuthorizationQueryParametersError"},
			{"for no time", with("X-Amz-Expires", "0"), "400 AuthorizationQueryParametersError"},
			{"for some time", with("X-Amz-Expires", "long"), "400 AuthorizationQueryParametersError"},
			{"of tomorrow", with("X-Amz-Date", "20000102T000000Z"), "403 AccessDenied"},
			{"by nobody", bare, "403 AccessDenied"},
			{"by nobody, of what is not there", bare + "x", "403 AccessDenied"},
		} {
			got := w.fetch(t, "GET", c.url)
			if begin, code, _ := strings.Cut(c.want, " "); !strings.HasPrefix(got, begin) || !strings.Contains(got, code) {
				t.Errorf("%s: got %s, want %s", c.what, got, c.want)
			}
		}

		time.Sleep(30*time.Minute - time.Second)
		if got := w.fetch(t, "GET", signed.URL); got != "200 echo done" {
			t.Errorf("just before it expires: %s", got)
		}
		time.Sleep(time.Second)
		if got := w.fetch(t, "GET", signed.URL); !strings.HasPrefix(got, "403 ") || !strings.Contains(got, "<Message>Request has expired</Message>") {
			t.Errorf("when it has expired: %s", got)
		}
		if got := w.get(t, "set-up.sh", nil); got != "echo done" {
			t.Errorf("with a signature of now: %s", got)
		}
	})
}

// TestUnsigned leaves requests that are for no bucket to the front.
func TestUnsigned(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for url, want := range map[string]string{
			"http://sandbox/" + bucket:    "<Code>AccessDenied</Code>",
			"http://sandbox/other/object": "<Code>MissingAuthenticationToken</Code>",
			"http://sandbox/":             "<Code>MissingAuthenticationToken</Code>",
		} {
			if got := w.fetch(t, "GET", url); !strings.HasPrefix(got, "403 ") || !strings.Contains(got, want) {
				t.Errorf("%s: %s", url, got)
			}
		}
	})
}
