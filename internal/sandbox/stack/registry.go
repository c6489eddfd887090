package stack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/wire"
)

// Program is a static program for this machine's architecture that is all there is in a container image.
type Program struct {
	layer   []byte // packed
	diffID  string // digest of the layer before it was packed
	command []string
}

const programPath = "app" // within the image

// NewProgram makes a program of what is in its file. The arguments are those that it is run with.
func NewProgram(content []byte, arguments ...string) (*Program, error) {
	var packed bytes.Buffer
	plain := sha256.New()
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(io.MultiWriter(zip, plain))
	if err := archive.WriteHeader(&tar.Header{Name: programPath, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}); err != nil {
		return nil, err
	}
	if _, err := archive.Write(content); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return &Program{
		layer: packed.Bytes(), diffID: fmt.Sprintf("sha256:%x", plain.Sum(nil)), command: append([]string{"/" + programPath}, arguments...),
	}, nil
}

// The parts of an image, as registries have them.
type (
	imageConfig struct {
		Architecture string          `json:"architecture"`
		OS           string          `json:"os"`
		Config       containerConfig `json:"config"`
		RootFS       rootFS          `json:"rootfs"`
	}
	containerConfig struct {
		Entrypoint []string
		Env        []string
		User       string
	}
	rootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	}
	manifest struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        descriptor   `json:"config"`
		Layers        []descriptor `json:"layers"`
	}
	descriptor struct {
		MediaType string `json:"mediaType"`
		Size      int    `json:"size"`
		Digest    string `json:"digest"`
	}
)

const (
	manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	configType   = "application/vnd.docker.container.image.v1+json"
	layerType    = "application/vnd.docker.image.rootfs.diff.tar.gzip"
)

func describe(mediaType string, content []byte) descriptor {
	return descriptor{mediaType, len(content), fmt.Sprintf("sha256:%x", sha256.Sum256(content))}
}

// pusher puts images into a repository of the sandbox's registry, as docker push does.
type pusher struct {
	sb         *sandbox.Sandbox
	client     *http.Client
	user       string
	password   string
	repository string
}

// newPusher makes the repository and logs in.
func newPusher(ctx context.Context, sb *sandbox.Sandbox, repository string) (*pusher, error) {
	api := sdkecr.NewFromConfig(clients(sb))
	if _, err := api.CreateRepository(ctx, &sdkecr.CreateRepositoryInput{RepositoryName: &repository}); err != nil {
		return nil, err
	}
	out, err := api.GetAuthorizationToken(ctx, &sdkecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, err
	}
	login, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return nil, err
	}
	user, password, _ := strings.Cut(string(login), ":")
	return &pusher{
		sb: sb, client: &http.Client{Transport: wire.Transport(sb.Registry())}, user: user, password: password, repository: repository,
	}, nil
}

// push makes an image of a program with an environment, and returns its reference.
func (p *pusher) push(ctx context.Context, tag string, program *Program, env map[string]string) (string, error) {
	settings := imageConfig{
		Architecture: runtime.GOARCH, OS: "linux", RootFS: rootFS{Type: "layers", DiffIDs: []string{program.diffID}},
		Config: containerConfig{Entrypoint: program.command, User: "65532:65532"},
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		settings.Config.Env = append(settings.Config.Env, name+"="+env[name])
	}
	config, err := json.Marshal(settings)
	if err != nil {
		return "", err
	}
	index, err := json.Marshal(manifest{
		SchemaVersion: 2, MediaType: manifestType, Config: describe(configType, config), Layers: []descriptor{describe(layerType, program.layer)},
	})
	if err != nil {
		return "", err
	}
	for _, blob := range [][]byte{program.layer, config} {
		target := "/v2/" + p.repository + "/blobs/uploads/?digest=" + describe("", blob).Digest
		if err := p.send(ctx, http.MethodPost, target, "application/octet-stream", blob); err != nil {
			return "", err
		}
	}
	if err := p.send(ctx, http.MethodPut, "/v2/"+p.repository+"/manifests/"+tag, manifestType, index); err != nil {
		return "", err
	}
	return p.sb.Images.Host() + "/" + p.repository + ":" + tag, nil
}

func (p *pusher) send(ctx context.Context, method, target, contentType string, content []byte) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.sb.Images.Host()+target, bytes.NewReader(content))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", contentType)
	r.SetBasicAuth(p.user, p.password)
	reply, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	said, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s %s: %s: %s", method, target, reply.Status, said)
	}
	return err
}
