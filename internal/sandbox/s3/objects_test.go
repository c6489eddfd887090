package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/wire"
)

func (w *world) put(t *testing.T, key, content string) {
	t.Helper()
	_, err := w.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t *testing.T, key string, part *string) string {
	t.Helper()
	out, err := w.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: aws.String(bucket), Key: &key, Range: part})
	if err != nil {
		return code(err)
	}
	content, err := io.ReadAll(out.Body)
	if err != nil {
		return code(err)
	}
	return string(content)
}

func (w *world) list(t *testing.T, prefix string) (pages [][]string) {
	t.Helper()
	all := sdk.NewListObjectsV2Paginator(w, &sdk.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: &prefix, MaxKeys: aws.Int32(2)})
	for all.HasMorePages() {
		out, err := all.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var page []string
		for _, o := range out.Contents {
			page = append(page, fmt.Sprintf("%s %d", *o.Key, *o.Size))
		}
		pages = append(pages, page)
	}
	return pages
}

func TestObjects(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		big := strings.Repeat("0123456789abcdef", 1<<20) // larger than what any of the APIs takes
		w.put(t, "runs/1/agent.deb", big)
		w.put(t, "runs/1/set up+.sh", "echo done")
		w.put(t, "runs/1/z", "")
		w.put(t, "runs/2/a", "a")
		w.put(t, "runs/2/a", "again")

		if got := w.get(t, "runs/1/agent.deb", nil); got != big {
			t.Errorf("a large object came back as %d bytes, %.40q", len(got), got)
		}
		for key, want := range map[string]string{"runs/1/set up+.sh": "echo done", "runs/1/z": "", "runs/2/a": "again", "runs/2/b": "NoSuchKey"} {
			if got := w.get(t, key, nil); got != want {
				t.Errorf("%s: got %q, want %q", key, got, want)
			}
		}
		if got := w.get(t, "runs/1/set up+.sh", aws.String("bytes=5-")); got != "done" {
			t.Errorf("a part: got %q", got)
		}
		want := [][]string{{"runs/1/agent.deb 16777216", "runs/1/set up+.sh 9"}, {"runs/1/z 0", "runs/2/a 5"}}
		if diff := cmp.Diff(want, w.list(t, "runs/")); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}

		for range 2 { // a key that is not there is no error
			if _, err := w.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("runs/2/a")}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.DeleteObjects(t.Context(), &sdk.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{
			Objects: []types.ObjectIdentifier{{Key: aws.String("runs/1/z")}, {Key: aws.String("runs/1/agent.deb")}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"runs/1/set up+.sh 9"}}, w.list(t, "")); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}

func TestBuckets(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		head := func(name string) string {
			out, err := w.HeadBucket(t.Context(), &sdk.HeadBucketInput{Bucket: &name})
			if err != nil {
				return code(err)
			}
			return *out.BucketRegion
		}
		create := func(name string) string {
			_, err := w.Client.CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: &name})
			return code(err)
		}
		remove := func(name string) string {
			_, err := w.DeleteBucket(t.Context(), &sdk.DeleteBucketInput{Bucket: &name})
			return code(err)
		}
		w.put(t, "full", "x")
		got := []string{
			head(bucket), head("other"), create("other"), head("other"), create("other"), create("Not_a_name"), remove("other"), head("other"),
			remove(bucket), w.get(t, "full", nil),
		}
		want := []string{
			"eu-west-1", "NotFound", "", "eu-west-1", "BucketAlreadyExists", "InvalidBucketName", "", "NotFound", "BucketNotEmpty", "x",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, name := range []string{bucket, "Not_a_name"} {
			if err := w.service.CreateBucket(name); err == nil {
				t.Errorf("a bucket %q was made", name)
			}
		}
	})
}

// TestParts uploads as clients do that have much.
func TestParts(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		key := aws.String("large")
		begun, err := w.CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: key})
		if err != nil {
			t.Fatal(err)
		}
		parts := &types.CompletedMultipartUpload{}
		first := bytes.Repeat([]byte("1"), 5<<20)
		for n, content := range [][]byte{first, []byte("two")} {
			number := aws.Int32(int32(n + 1))
			out, err := w.UploadPart(t.Context(), &sdk.UploadPartInput{
				Bucket: aws.String(bucket), Key: key, UploadId: begun.UploadId, PartNumber: number, Body: bytes.NewReader(content),
			})
			if err != nil {
				t.Fatal(err)
			}
			parts.Parts = append(parts.Parts, types.CompletedPart{PartNumber: number, ETag: out.ETag})
		}
		_, err = w.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadInput{
			Bucket: aws.String(bucket), Key: key, UploadId: begun.UploadId, MultipartUpload: parts,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.get(t, "large", nil); got != string(first)+"two" {
			t.Errorf("%d bytes came back", len(got))
		}
	})
}

// TestWrappedBodies sends what clients send over TLS: a body in chunks, signed or with a checksum behind it.
func TestWrappedBodies(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		send := func(kind, size, body string) int {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://sandbox/"+bucket+"/wrapped", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0")
			r.Header.Set("Content-Encoding", "aws-chunked")
			r.Header.Set("X-Amz-Content-Sha256", kind)
			r.Header.Set("X-Amz-Decoded-Content-Length", size)
			reply, err := w.http.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			return reply.StatusCode
		}
		for what, c := range map[string]struct {
			kind, size, body string
			status           int
			want             string
		}{
			"signed chunks": {
				"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "11",
				"6;chunk-signature=" + strings.Repeat("0", 64) + "\r\nhello \r\n5;chunk-signature=" + strings.Repeat("1", 64) + "\r\nworld\r\n" +
					"0;chunk-signature=" + strings.Repeat("2", 64) + "\r\n\r\n", 200, "hello world",
			},
			"a checksum behind": {
				"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "10", "a\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:pmhTaA==\r\n\r\n", 200, "0123456789",
			},
			"less than was said":  {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "11", "a\r\n0123456789\r\n0\r\n\r\n", 400, "NoSuchKey"},
			"cut in the middle":   {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "10", "a\r\n01234", 400, "NoSuchKey"},
			"no size of a chunk":  {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "10", "ten\r\n0123456789\r\n0\r\n\r\n", 500, "NoSuchKey"},
			"no size of the body": {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "", "0\r\n\r\n", 400, "NoSuchKey"},
		} {
			if status := send(c.kind, c.size, c.body); status != c.status {
				t.Errorf("%s: status %d, want %d", what, status, c.status)
			}
			if got := w.get(t, "wrapped", nil); got != c.want {
				t.Errorf("%s: got %q, want %q", what, got, c.want)
			}
			if _, err := w.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("wrapped")}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestKnobs strikes S3 as the other services, by the SDK's names of operations.
func TestKnobs(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.front.Faults.Add(wire.Fault{Service: "s3", Operation: "PutObject", Nth: 1, Action: wire.ActionThrottle})
		put := func() string {
			_, err := w.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), Body: strings.NewReader("v")})
			return code(err)
		}
		if got := []string{put(), w.get(t, "k", nil), put(), w.get(t, "k", nil)}; !cmp.Equal(got, []string{"SlowDown", "NoSuchKey", "", "v"}) {
			t.Errorf("got %q", got)
		}
		type call struct{ Operation, Code string }
		var calls []call
		for _, c := range w.front.Calls.Since(0) {
			calls = append(calls, call{c.Operation, c.Code})
		}
		want := []call{{"PutObject", "SlowDown"}, {"GetObject", "404"}, {"PutObject", ""}, {"GetObject", ""}}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// TestUnknown refuses what it would else answer with something that was not asked for.
func TestUnknown(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		_, err := w.GetBucketLifecycleConfiguration(t.Context(), &sdk.GetBucketLifecycleConfigurationInput{Bucket: aws.String(bucket)})
		if code(err) != "NotImplemented" {
			t.Errorf("got %v", err)
		}
	})
}
