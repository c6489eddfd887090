package ecr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	mediatypes "github.com/google/go-containerregistry/pkg/v1/types"
	"go.uber.org/goleak"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ecr"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accountID = "123456789012"
	host      = accountID + ".dkr.ecr.eu-west-1.amazonaws.com"
)

// world is an account with a registry, the SDK's client of its API, and a client of the registry that has a token.
type world struct {
	*sdk.Client
	t        *testing.T
	acct     *account.Account
	ecr      *ecr.Service
	front    *wire.Front
	registry *http.Client
	password string
}

// in runs a test in a world of its own, in a bubble of its own time.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, acct: account.New(account.Options{})}
		defer w.acct.Close()
		w.locked(func() {
			w.ecr = ecr.New(w.acct)
			w.password, _ = w.ecr.Token()
		})
		w.front = wire.NewFront(w.acct, w.ecr.API())
		w.registry = &http.Client{Transport: wire.Transport(w.front.Beside(w.ecr.Registry()))}
		w.Client = sdk.New(sdk.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sandbox"), Retryer: aws.NopRetryer{},
			Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
			HTTPClient:  &http.Client{Transport: wire.Transport(w.front)},
		})
		test(w)
	})
}

func (w *world) locked(do func()) {
	w.acct.Lock()
	defer w.acct.Unlock()
	do()
}

func (w *world) repository(name string, mutability types.ImageTagMutability) *types.Repository {
	w.t.Helper()
	out, err := w.CreateRepository(w.t.Context(), &sdk.CreateRepositoryInput{RepositoryName: &name, ImageTagMutability: mutability})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Repository
}

// picture is an image of one layer.
type picture struct{ layer, config []byte }

// paint makes an image that no other text makes.
func paint(text string) picture {
	config, err := json.Marshal(map[string]string{"architecture": "amd64", "os": "linux", "comment": text})
	if err != nil {
		panic(err)
	}
	return picture{layer: []byte("layer of " + text), config: config}
}

func descriptor(mediaType mediatypes.MediaType, content []byte) v1.Descriptor {
	hash, size, _ := v1.SHA256(bytes.NewReader(content))
	return v1.Descriptor{MediaType: mediaType, Size: size, Digest: hash}
}

func (p picture) MediaType() (mediatypes.MediaType, error) {
	return mediatypes.DockerManifestSchema2, nil
}
func (p picture) RawConfigFile() ([]byte, error) { return p.config, nil }
func (p picture) Layers() ([]v1.Layer, error) {
	return []v1.Layer{static.NewLayer(p.layer, mediatypes.DockerLayer)}, nil
}

func (p picture) RawManifest() ([]byte, error) {
	return json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: mediatypes.DockerManifestSchema2, Config: descriptor(mediatypes.DockerConfigJSON, p.config),
		Layers: []v1.Descriptor{descriptor(mediatypes.DockerLayer, p.layer)},
	})
}

func (p picture) manifest() string {
	content, err := p.RawManifest()
	if err != nil {
		panic(err)
	}
	return string(content)
}

func (p picture) digest() string { return digest([]byte(p.manifest())) }

func digest(content []byte) string { return descriptor("", content).Digest.String() }

// reply is what the registry said.
type reply struct {
	Status int
	Body   string
	Header http.Header
}

// ask sends a request with a token; header are names and values beside it.
func (w *world) ask(method, path, body string, header ...string) (reply, error) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, "https://"+host+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if w.password != "" {
		r.SetBasicAuth(ecr.User, w.password)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) (reply, error) {
	answer, err := w.registry.Do(r)
	if err != nil {
		return reply{}, err
	}
	content, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, string(content), answer.Header}, err
}

// must is ask for what has to succeed.
func (w *world) must(method, path, body string, header ...string) reply {
	w.t.Helper()
	got, err := w.ask(method, path, body, header...)
	if err != nil || got.Status >= 300 {
		w.t.Fatalf("%s %s: %d %s, %v", method, path, got.Status, got.Body, err)
	}
	return got
}

// upload pushes the layers of an image as Docker does: begin, append, finish.
func (w *world) upload(repository string, p picture) {
	w.t.Helper()
	for _, content := range [][]byte{p.layer, p.config} {
		begun := w.must("POST", "/v2/"+repository+"/blobs/uploads/", "")
		more := w.must("PATCH", begun.Header.Get("Location"), string(content), "Content-Type", "application/octet-stream")
		w.must("PUT", more.Header.Get("Location")+"?digest="+digest(content), "")
	}
}

// push is upload with the manifest after it.
func (w *world) push(repository, reference string, p picture) reply {
	w.t.Helper()
	w.upload(repository, p)
	got, err := w.ask("PUT", "/v2/"+repository+"/manifests/"+reference, p.manifest(), "Content-Type", string(mediatypes.DockerManifestSchema2))
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// said is an error of the registry.
func said(code, format string, args ...any) string {
	return fmt.Sprintf(`{"errors":[{"code":%q,"message":%q}]}`, code, fmt.Sprintf(format, args...))
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
