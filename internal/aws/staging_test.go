package aws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/staging"
)

func TestStaging(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		if err := k.b.Staging.Put(ctx, "staging", "a", strings.NewReader("x")); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("without a bucket: %v", err)
		}
		if err := k.sb.Buckets.CreateBucket("staging"); err != nil {
			t.Fatal(err)
		}
		const key, text = "amibake/r1/agent 1.0.deb", "the agent"
		for range 2 {
			if err := k.b.Staging.Put(ctx, "staging", key, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.b.Staging.Put(ctx, "staging", "other", strings.NewReader("")); err != nil {
			t.Fatal(err)
		}
		listed, err := k.b.Staging.List(ctx, "staging", "amibake/")
		want := []staging.Object{{Key: key, Size: int64(len(text))}}
		if diff := cmp.Diff(want, listed, cmpopts.IgnoreFields(staging.Object{}, "Modified")); err != nil || diff != "" || listed[0].Modified.IsZero() {
			t.Errorf("%v %s", err, diff)
		}

		url, err := k.b.Staging.Presign(ctx, "staging", key, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		fetch := func() (int, string) {
			t.Helper()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			reply, err := k.sb.Transport().RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			body, err := io.ReadAll(reply.Body)
			if err != nil {
				t.Fatal(err)
			}
			return reply.StatusCode, string(body)
		}
		if status, body := fetch(); status != http.StatusOK || body != text {
			t.Errorf("by its URL: %d %q", status, body)
		}
		time.Sleep(time.Hour + time.Second)
		if status, body := fetch(); status != http.StatusForbidden || strings.Contains(body, text) {
			t.Errorf("by an old URL: %d %q", status, body)
		}
		for range 2 { // the second one finds it gone
			if err := k.b.Staging.Delete(ctx, "staging", key); err != nil {
				t.Error(err)
			}
		}
		if left, err := k.b.Staging.List(ctx, "staging", "amibake/"); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
		if _, err := k.b.Staging.List(ctx, "nobodys", ""); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("list no bucket: %v", err)
		}
	})
}
