package ecr_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var exported = cmpopts.IgnoreUnexported(types.Repository{}, types.ImageScanningConfiguration{}, types.EncryptionConfiguration{},
	types.ImageDetail{}, types.ImageIdentifier{}, types.ImageFailure{}, types.Image{})

func TestGetAuthorizationToken(t *testing.T) {
	in(t, func(w *world) {
		out, err := w.GetAuthorizationToken(w.t.Context(), &sdk.GetAuthorizationTokenInput{})
		if err != nil {
			t.Fatal(err)
		}
		got := out.AuthorizationData[0]
		if *got.ProxyEndpoint != "https://"+host || !got.ExpiresAt.Equal(time.Now().Add(12*time.Hour)) {
			t.Errorf("%s until %v", *got.ProxyEndpoint, got.ExpiresAt)
		}
		credentials, err := base64.StdEncoding.DecodeString(*got.AuthorizationToken)
		if err != nil || string(credentials[:4]) != "AWS:" {
			t.Fatalf("%q, %v", credentials, err)
		}
		w.password = string(credentials[4:])
		w.must("GET", "/v2/", "")
	})
}

func TestTokensOfOtherRegistries(t *testing.T) {
	in(t, func(w *world) {
		out, err := w.GetAuthorizationToken(w.t.Context(), &sdk.GetAuthorizationTokenInput{
			RegistryIds: []string{"111122223333", "444455556666"}, //nolint:staticcheck // deprecated, and in use
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range out.AuthorizationData {
			got = append(got, *d.ProxyEndpoint)
		}
		want := []string{"https://111122223333.dkr.ecr.eu-west-1.amazonaws.com", "https://444455556666.dkr.ecr.eu-west-1.amazonaws.com"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestRepositories(t *testing.T) {
	in(t, func(w *world) {
		created, err := w.CreateRepository(w.t.Context(), &sdk.CreateRepositoryInput{
			RepositoryName: aws.String("team/app"), ImageTagMutability: types.ImageTagMutabilityImmutable,
			ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := types.Repository{
			RegistryId: aws.String(accountID), RepositoryName: aws.String("team/app"), RepositoryUri: aws.String(host + "/team/app"),
			RepositoryArn: aws.String("arn:aws:ecr:eu-west-1:123456789012:repository/team/app"), CreatedAt: aws.Time(time.Now().UTC()),
			ImageTagMutability:         types.ImageTagMutabilityImmutable,
			ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true},
			EncryptionConfiguration:    &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256},
		}
		if d := cmp.Diff(&want, created.Repository, exported); d != "" {
			t.Error(d)
		}
		w.repository("another", "")
		pages := sdk.NewDescribeRepositoriesPaginator(w.Client, &sdk.DescribeRepositoriesInput{MaxResults: aws.Int32(1)})
		var names []string
		for pages.HasMorePages() {
			out, err := pages.NextPage(w.t.Context())
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, *out.Repositories[0].RepositoryName)
		}
		if d := cmp.Diff([]string{"another", "team/app"}, names); d != "" {
			t.Error(d)
		}
		if _, err := w.DeleteRepository(w.t.Context(), &sdk.DeleteRepositoryInput{RepositoryName: aws.String("another")}); err != nil {
			t.Fatal(err)
		}
		left, err := w.DescribeRepositories(w.t.Context(), &sdk.DescribeRepositoriesInput{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]types.Repository{want}, left.Repositories, exported); d != "" {
			t.Error(d)
		}
	})
}

func TestImages(t *testing.T) {
	in(t, func(w *world) {
		w.repository("app", "")
		first, second := paint("first"), paint("second")
		w.push("app", "v1", first)
		w.push("app", "latest", first)
		start := time.Now().UTC()
		time.Sleep(time.Minute)
		w.push("app", "latest", second)
		w.push("app", first.digest(), first) // what is there already
		w.must("GET", "/v2/app/manifests/v1", "")
		out, err := w.DescribeImages(w.t.Context(), &sdk.DescribeImagesInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{
			{ImageTag: aws.String("v1")}, {ImageDigest: aws.String(second.digest())},
		}})
		if err != nil {
			t.Fatal(err)
		}
		detail := func(p picture, tag string, pushed time.Time, pulled *time.Time) types.ImageDetail {
			return types.ImageDetail{
				RegistryId: aws.String(accountID), RepositoryName: aws.String("app"), ImageDigest: aws.String(p.digest()), ImageTags: []string{tag},
				ImageManifestMediaType: aws.String("application/vnd.docker.distribution.manifest.v2+json"), ImageStatus: types.ImageStatusActive,
				ArtifactMediaType: aws.String("application/vnd.docker.container.image.v1+json"),
				ImageSizeInBytes:  aws.Int64(int64(len(p.layer))), ImagePushedAt: &pushed, LastRecordedPullTime: pulled,
			}
		}
		now := time.Now().UTC()
		want := []types.ImageDetail{detail(first, "v1", start, &now), detail(second, "latest", now, nil)}
		if d := cmp.Diff(want, out.ImageDetails, exported); d != "" {
			t.Error(d)
		}
	})
}

func TestPutImage(t *testing.T) {
	p, other := paint("v1"), paint("v2")
	put := func(repository string, p picture, tag string, change ...func(*sdk.PutImageInput)) *sdk.PutImageInput {
		input := &sdk.PutImageInput{RepositoryName: &repository, ImageManifest: aws.String(p.manifest())}
		if tag != "" {
			input.ImageTag = &tag
		}
		for _, c := range change {
			c(input)
		}
		return input
	}
	for name, c := range map[string]struct {
		in   *sdk.PutImageInput
		want string
	}{
		"a new tag":               {put("app", p, "stable"), ""},
		"a tag that moves":        {put("app", other, "v1"), ""},
		"without a tag":           {put("app", other, ""), ""},
		"the same again":          {put("app", p, "v1"), "ImageAlreadyExistsException"},
		"again without a tag":     {put("app", p, ""), "ImageAlreadyExistsException"},
		"a tag that must not":     {put("immutable", other, "v1"), "ImageTagAlreadyExistsException"},
		"the same, immutable":     {put("immutable", p, "v1"), "ImageAlreadyExistsException"},
		"a new tag, immutable":    {put("immutable", p, "v2"), ""},
		"a layer that is missing": {put("app", paint("nowhere"), "v3"), "LayersNotFoundException"},
		"the digest of another": {put("app", p, "v3", func(in *sdk.PutImageInput) { in.ImageDigest = aws.String(other.digest()) }),
			"ImageDigestDoesNotMatchException"},
		"a tag with a blank": {put("app", p, "v 1"), "InvalidParameterException"},
		"an empty list": {put("app", p, "v3", func(in *sdk.PutImageInput) {
			in.ImageManifest = aws.String(`{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"sha256:0"}]}`)
		}), "ReferencedImagesNotFoundException"},
		"no manifest":        {put("app", p, "v3", func(in *sdk.PutImageInput) { in.ImageManifest = aws.String("{}") }), "InvalidParameterException"},
		"unknown repository": {put("nothing", p, "v1"), "RepositoryNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.repository("app", "")
				w.repository("immutable", types.ImageTagMutabilityImmutable)
				for _, name := range []string{"app", "immutable"} {
					w.push(name, "v1", p)
					w.upload(name, other)
				}
				out, err := w.PutImage(w.t.Context(), c.in)
				if got := code(err); got != c.want {
					t.Fatalf("got %v, want code %q", err, c.want)
				}
				if err == nil && *out.Image.ImageId.ImageDigest != digest([]byte(*c.in.ImageManifest)) {
					t.Errorf("digest %s is not that of the manifest", *out.Image.ImageId.ImageDigest)
				}
			})
		})
	}
}

func TestBatches(t *testing.T) {
	in(t, func(w *world) {
		w.repository("app", "")
		first, second := paint("first"), paint("second")
		for tag, p := range map[string]picture{"v1": first, "latest": first, "v2": second} {
			w.push("app", tag, p)
		}
		id := func(digest, tag string) types.ImageIdentifier {
			i := types.ImageIdentifier{}
			if digest != "" {
				i.ImageDigest = &digest
			}
			if tag != "" {
				i.ImageTag = &tag
			}
			return i
		}
		failure := func(i types.ImageIdentifier, code types.ImageFailureCode, reason string) types.ImageFailure {
			return types.ImageFailure{ImageId: &i, FailureCode: code, FailureReason: &reason}
		}
		got, err := w.BatchGetImage(w.t.Context(), &sdk.BatchGetImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{
			id("", "v1"), id("", "v9"), id("", ""), id("md5:0", ""), id(second.digest(), "v1"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		v1 := id(first.digest(), "v1")
		images := []types.Image{{
			RegistryId: aws.String(accountID), RepositoryName: aws.String("app"), ImageId: &v1, ImageManifest: aws.String(first.manifest()),
			ImageManifestMediaType: aws.String("application/vnd.docker.distribution.manifest.v2+json"),
		}}
		if d := cmp.Diff(images, got.Images, exported); d != "" {
			t.Error(d)
		}
		failures := []types.ImageFailure{
			failure(id("", "v9"), "ImageNotFound", "Requested image not found"),
			failure(id("", ""), "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
			failure(id("md5:0", ""), "InvalidImageDigest", "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"),
			failure(id(second.digest(), "v1"), "ImageTagDoesNotMatchDigest", "Requested image tag does not map to the requested image digest"),
		}
		if d := cmp.Diff(failures, got.Failures, exported); d != "" {
			t.Error(d)
		}
		deleted, err := w.BatchDeleteImage(w.t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{
			id("", "latest"), id(second.digest(), ""), id("", "v9"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]types.ImageIdentifier{id(first.digest(), "latest"), id(second.digest(), "v2")}, deleted.ImageIds, exported); d != "" {
			t.Error(d)
		}
		listed, err := w.ListImages(w.t.Context(), &sdk.ListImagesInput{RepositoryName: aws.String("app")})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]types.ImageIdentifier{v1}, listed.ImageIds, exported); d != "" {
			t.Error(d)
		}
	})
}

func TestLists(t *testing.T) {
	in(t, func(w *world) {
		w.repository("app", "")
		p := paint("amd64")
		w.push("app", p.digest(), p)
		list := `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[{"digest":"` + p.digest() + `"}]}`
		w.must("PUT", "/v2/app/manifests/v1", list, "Content-Type", "application/vnd.docker.distribution.manifest.list.v2+json")
		out, err := w.BatchDeleteImage(w.t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{
			{ImageDigest: aws.String(p.digest())},
		}})
		if err != nil || len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageReferencedByManifestList {
			t.Errorf("%+v, %v", out, err)
		}
		for status, want := range map[types.TagStatus]string{types.TagStatusTagged: digest([]byte(list)), types.TagStatusUntagged: p.digest()} {
			out, err := w.DescribeImages(w.t.Context(), &sdk.DescribeImagesInput{
				RepositoryName: aws.String("app"), Filter: &types.DescribeImagesFilter{TagStatus: status},
			})
			if err != nil || len(out.ImageDetails) != 1 || *out.ImageDetails[0].ImageDigest != want {
				t.Errorf("%s: %+v, %v", status, out, err)
			}
		}
	})
}

func TestAPIRefusals(t *testing.T) {
	app, unknown := aws.String("app"), aws.String("nothing")
	v9 := []types.ImageIdentifier{{ImageTag: aws.String("v9")}}
	for name, c := range map[string]struct {
		call func(w *world) error
		want string
	}{
		"images of an unknown repository": {func(w *world) error {
			_, err := w.DescribeImages(w.t.Context(), &sdk.DescribeImagesInput{RepositoryName: unknown})
			return err
		}, "RepositoryNotFoundException"},
		"an unknown tag": {func(w *world) error {
			_, err := w.DescribeImages(w.t.Context(), &sdk.DescribeImagesInput{RepositoryName: app, ImageIds: v9})
			return err
		}, "ImageNotFoundException"},
		"an unknown repository by name": {func(w *world) error {
			_, err := w.DescribeRepositories(w.t.Context(), &sdk.DescribeRepositoriesInput{RepositoryNames: []string{"nothing"}})
			return err
		}, "RepositoryNotFoundException"},
		"a repository of another account": {func(w *world) error {
			_, err := w.DescribeImages(w.t.Context(), &sdk.DescribeImagesInput{RepositoryName: app, RegistryId: aws.String("999999999999")})
			return err
		}, "RepositoryNotFoundException"},
		"a repository twice": {func(w *world) error {
			_, err := w.CreateRepository(w.t.Context(), &sdk.CreateRepositoryInput{RepositoryName: app})
			return err
		}, "RepositoryAlreadyExistsException"},
		"a repository with capitals": {func(w *world) error {
			_, err := w.CreateRepository(w.t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("App")})
			return err
		}, "InvalidParameterException"},
		"a repository with images": {func(w *world) error {
			_, err := w.DeleteRepository(w.t.Context(), &sdk.DeleteRepositoryInput{RepositoryName: app})
			return err
		}, "RepositoryNotEmptyException"},
		"with force": {func(w *world) error {
			_, err := w.DeleteRepository(w.t.Context(), &sdk.DeleteRepositoryInput{RepositoryName: app, Force: true})
			return err
		}, ""},
		"findings of a scan": {func(w *world) error {
			_, err := w.DescribeImageScanFindings(w.t.Context(), &sdk.DescribeImageScanFindingsInput{
				RepositoryName: app, ImageId: &types.ImageIdentifier{ImageTag: aws.String("v1")},
			})
			return err
		}, "ScanNotFoundException"},
		"findings of no image": {func(w *world) error {
			_, err := w.DescribeImageScanFindings(w.t.Context(), &sdk.DescribeImageScanFindingsInput{RepositoryName: app, ImageId: &v9[0]})
			return err
		}, "ImageNotFoundException"},
		"a mutability of its own": {func(w *world) error {
			_, err := w.PutImageTagMutability(w.t.Context(), &sdk.PutImageTagMutabilityInput{RepositoryName: app, ImageTagMutability: "SOMETIMES"})
			return err
		}, "InvalidParameterException"},
		"no images to get": {func(w *world) error {
			_, err := w.BatchGetImage(w.t.Context(), &sdk.BatchGetImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{}})
			return err
		}, "InvalidParameterException"},
		"a page too large": {func(w *world) error {
			_, err := w.ListImages(w.t.Context(), &sdk.ListImagesInput{RepositoryName: app, MaxResults: aws.Int32(1001)})
			return err
		}, "InvalidParameterException"},
		"a page of nobody": {func(w *world) error {
			_, err := w.ListImages(w.t.Context(), &sdk.ListImagesInput{RepositoryName: app, NextToken: aws.String("%")})
			return err
		}, "InvalidParameterException"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.repository("app", "")
				w.push("app", "v1", paint("v1"))
				if err := c.call(w); code(err) != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
			})
		})
	}
}

func TestMutabilityCanChange(t *testing.T) {
	in(t, func(w *world) {
		w.repository("app", "")
		w.push("app", "v1", paint("first"))
		if _, err := w.PutImageTagMutability(w.t.Context(), &sdk.PutImageTagMutabilityInput{
			RepositoryName: aws.String("app"), ImageTagMutability: types.ImageTagMutabilityImmutable,
		}); err != nil {
			t.Fatal(err)
		}
		if got := w.push("app", "v1", paint("second")); got.Status != 400 {
			t.Errorf("an immutable tag moved: %+v", got)
		}
	})
}

func TestStore(t *testing.T) {
	in(t, func(w *world) {
		p := paint("v1")
		for range 2 { // what is there already is no failure
			got, err := w.ecr.Store("app", "v1", p)
			if err != nil || got != p.digest() {
				t.Fatalf("%s, %v", got, err)
			}
		}
		if got := w.must("GET", "/v2/app/blobs/"+digest(p.layer), ""); got.Body != string(p.layer) {
			t.Errorf("layer %q", got.Body)
		}
		if got := w.must("GET", "/v2/app/manifests/v1", ""); got.Body != p.manifest() {
			t.Errorf("manifest %q", got.Body)
		}
	})
}
