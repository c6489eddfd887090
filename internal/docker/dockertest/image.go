package dockertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"
)

// Image is an image that no build tool has made.
type Image struct {
	config []byte
	layers []layer
}

type layer struct{ plain, packed []byte }

// File is a file of an image.
type File struct {
	Path string // without a leading slash
	Mode int64
	Data []byte
}

// Config is what an image says of how it is run: Docker's own names.
type Config struct {
	User         string              `json:",omitempty"`
	Env          []string            `json:",omitempty"`
	Entrypoint   []string            `json:",omitempty"`
	Cmd          []string            `json:",omitempty"`
	WorkingDir   string              `json:",omitempty"`
	ExposedPorts map[string]struct{} `json:",omitempty"`
	Volumes      map[string]struct{} `json:",omitempty"`
	Labels       map[string]string   `json:",omitempty"`
	StopSignal   string              `json:",omitempty"`
	Healthcheck  *Healthcheck        `json:",omitempty"`
}

// Healthcheck is Docker's HEALTHCHECK.
type Healthcheck struct {
	Test                           []string
	Interval, Timeout, StartPeriod time.Duration `json:",omitempty"`
	Retries                        int           `json:",omitempty"`
}

// NewImage makes an image of an architecture, e.g. "amd64", with one layer for each list of files.
func NewImage(architecture string, config Config, layers ...[]File) (*Image, error) {
	type rootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	}
	all := struct {
		Architecture string    `json:"architecture"`
		OS           string    `json:"os"`
		Created      time.Time `json:"created"`
		Config       Config    `json:"config"`
		RootFS       rootFS    `json:"rootfs"`
	}{architecture, "linux", time.Now().UTC(), config, rootFS{Type: "layers"}}

	image := &Image{}
	for _, files := range layers {
		l, err := pack(files)
		if err != nil {
			return nil, err
		}
		image.layers = append(image.layers, l)
		all.RootFS.DiffIDs = append(all.RootFS.DiffIDs, digest(l.plain))
	}
	var err error
	image.config, err = json.Marshal(all)
	return image, err
}

func pack(files []File) (layer, error) {
	var plain, packed bytes.Buffer
	out := tar.NewWriter(&plain)
	for _, f := range files {
		header := &tar.Header{Name: f.Path, Mode: f.Mode, Size: int64(len(f.Data)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.Path, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := out.WriteHeader(header); err != nil {
			return layer{}, err
		}
		if _, err := out.Write(f.Data); err != nil {
			return layer{}, err
		}
	}
	if err := out.Close(); err != nil {
		return layer{}, err
	}
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return layer{}, err
	}
	if _, err = zip.Write(plain.Bytes()); err != nil {
		return layer{}, err
	}
	if err = zip.Close(); err != nil {
		return layer{}, err
	}
	return layer{plain.Bytes(), packed.Bytes()}, nil
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// ID is the image's id in an engine that keeps images itself.
func (i *Image) ID() string { return digest(i.config) }

// Load puts the image into the engine, under the given references.
func (d *Daemon) Load(t testing.TB, i *Image, refs ...string) {
	t.Helper()
	archive, err := i.archive(refs)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := d.do(t.Context(), http.MethodPost, "/images/load?quiet=1", "application/x-tar", bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	// As with a pull, errors come in a stream that begins with 200.
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"error"`)) {
		t.Fatalf("load image: %s: %s %v", resp.Status, text, err)
	}
}

// archive is what docker save writes.
func (i *Image) archive(refs []string) ([]byte, error) {
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	e := entry{Config: "config.json", RepoTags: refs}
	files := []File{{Path: e.Config, Mode: 0o644, Data: i.config}}
	for n, l := range i.layers {
		name := path.Join(fmt.Sprint(n), "layer.tar")
		e.Layers = append(e.Layers, name)
		files = append(files, File{Path: name, Mode: 0o644, Data: l.plain})
	}
	manifest, err := json.Marshal([]entry{e})
	if err != nil {
		return nil, err
	}
	packed, err := pack(append(files, File{Path: "manifest.json", Mode: 0o644, Data: manifest}))
	return packed.plain, err
}

// do asks the daemon for what the product has no use for.
func (d *Daemon) do(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(d.Host, "unix://"))
	}}
	return transport.RoundTrip(r)
}
