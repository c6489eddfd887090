package machine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/machine"
	"bluegreen/internal/sandbox/machine/machinetest"
)

// TestOutside has an instance of a Debian as clouds have it set itself up with what is not on it: a file by a URL that was
// signed outside, and Docker.
func TestOutside(t *testing.T) {
	t.Parallel()
	engine := machinetest.Shared(t)
	disk, err := machine.PrepareBare(t.Context(), engine, machine.Recipe{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, engine)
	image := w.add(t, ec2.Image{Name: "debian", Tags: map[string]string{machine.DiskTag: disk}})
	if err := w.sb.Buckets.CreateBucket("staging"); err != nil {
		t.Fatal(err)
	}
	config := w.config()
	config.BaseEndpoint, config.HTTPClient = aws.String(w.sb.Endpoint()), nil
	api := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key := aws.String("staging"), aws.String("run/set-up.sh")
	if _, err := api.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("echo staged")}); err != nil {
		t.Fatal(err)
	}
	signed, err := s3.NewPresignClient(api).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`#!/bin/sh
curl --fail --silent --show-error '%s' | sh > /dev/console
curl --silent --output /dev/null --write-out 'unsigned: %%{http_code}\n' '%s/staging/run/set-up.sh' > /dev/console
export DEBIAN_FRONTEND=noninteractive
! type docker && ! type bluegreen-agent && apt-get --quiet=2 update && apt-get --quiet=2 install --no-install-recommends docker.io &&
	docker info --format 'Docker with {{.Driver}}' > /dev/console
curl --silent --proxy $(apt-config dump --format '%%v' Acquire::http::Proxy) http://%s.example.com/ > /dev/console
`, signed.URL, w.sb.Endpoint(), "elsewhere")
	id, _ := w.run(t, image, script, types.ShutdownBehaviorStop)
	for _, what := range []string{
		"staged", "unsigned: 403", "Docker with overlay2", "an instance of the sandbox reaches package sources only, and this is none: elsewhere.example.com",
	} {
		w.said(t, id, what)
	}
}
