package registry

import (
	"errors"
	"net/http"
	"testing"

	"bluegreen/internal/aws/awserr"
)

const (
	host   = account + ".dkr.ecr.us-east-1.amazonaws.com"
	digest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
	accept = `"acceptedMediaTypes":["application/vnd.oci.image.index.v1+json","application/vnd.oci.image.manifest.v1+json",` +
		`"application/vnd.docker.distribution.manifest.list.v2+json","application/vnd.docker.distribution.manifest.v2+json"],`
)

// A reference is looked up in its own registry, by its digest if it has one.
func TestDigestAsks(t *testing.T) {
	for reference, want := range map[string]string{
		"/shop":                  `{"imageTag":"latest"}],"registryId":"` + account + `","repositoryName":"shop"}`,
		"/team/shop:v1.2":        `{"imageTag":"v1.2"}],"registryId":"` + account + `","repositoryName":"team/shop"}`,
		"/shop@" + digest:        `{"imageDigest":"` + digest + `"}],"registryId":"` + account + `","repositoryName":"shop"}`,
		"/shop:v1.2@" + digest:   `{"imageDigest":"` + digest + `"}],"registryId":"` + account + `","repositoryName":"shop"}`,
		":443/team/a/b/c:latest": `{"imageTag":"latest"}],"registryId":"` + account + `","repositoryName":"team/a/b/c"}`,
	} {
		e := &ecrAPI{status: http.StatusOK, body: `{"images":[{"imageId":{"imageDigest":"` + digest + `","imageTag":"x"}}],"failures":[]}`}
		got, err := e.client(nil).Digest(t.Context(), host+reference)
		if got != digest || err != nil {
			t.Errorf("%s: %s, %v", reference, got, err)
		}
		asked := request{
			"https://api.ecr.us-east-1.amazonaws.com/", "AmazonEC2ContainerRegistry_V20150921.BatchGetImage", "us-east-1/ecr", `{` + accept + `"imageIds":[` + want,
		}
		if e.asked != asked {
			t.Errorf("%s asks\n%+v, want\n%+v", reference, e.asked, asked)
		}
	}
}

func TestDigestThatIsNone(t *testing.T) {
	failure := func(code string) string {
		return `{"images":[],"failures":[{"failureCode":"` + code + `","failureReason":"because","imageId":{"imageTag":"v1"}}]}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		text   string
		kind   error
	}{
		"no such tag":          {200, failure("ImageNotFound"), "not found", awserr.ErrNotFound},
		"something else":       {200, failure("UpstreamUnavailable"), "because (UpstreamUnavailable)", nil},
		"nothing":              {200, `{}`, "ECR answered without one", nil},
		"no such repository":   {400, `{"__type":"RepositoryNotFoundException","message":"none"}`, "none (RepositoryNotFoundException)", awserr.ErrNotFound},
		"denied":               {400, `{"__type":"AccessDeniedException","message":"no"}`, "no (AccessDeniedException)", awserr.ErrDenied},
		"an image without one": {200, `{"images":[{}]}`, "ECR answered without one", nil},
	} {
		e := &ecrAPI{status: c.status, body: c.body}
		got, err := e.client(nil).Digest(t.Context(), host+"/shop:v1")
		if got != "" || err == nil || err.Error() != "find the digest of "+host+"/shop:v1: "+c.text || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, reference := range []string{"", "shop", "shop:v1", "public.ecr.aws/shop:v1", "docker.io/library/shop:v1", host} {
		if _, err := new(ecrAPI).client(nil).Digest(t.Context(), reference); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", reference, err)
		}
	}
	for _, reference := range []string{"/", "/:v1", "/shop:", "/shop@", "/@" + digest} {
		if _, err := new(ecrAPI).client(nil).Digest(t.Context(), host+reference); err == nil || errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", reference, err)
		}
	}
}
