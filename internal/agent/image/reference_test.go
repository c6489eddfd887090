package image_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/image"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]image.Reference{
		"nginx":                            {Registry: "docker.io", Repository: "nginx", Tag: "latest"},
		"docker.io/library/nginx:1":        {Registry: "docker.io", Repository: "nginx", Tag: "1"},
		"localhost:5000/a/b:c":             {Registry: "localhost:5000", Repository: "localhost:5000/a/b", Tag: "c"},
		"shop/web@" + one:                  {Registry: "docker.io", Repository: "shop/web", Digest: one},
		"registry.example.com/s:v1@" + one: {Registry: "registry.example.com", Repository: "registry.example.com/s", Tag: "v1", Digest: one},
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/shop:v1": {
			Registry: "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", Repository: "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/shop", Tag: "v1",
		},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := image.Parse(text)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
			again, err := image.Parse(got.String())
			if diff := cmp.Diff(want, again); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
	for _, text := range []string{"", "https://example.com/shop", "Shop", "shop:", "shop@sha256:1", "shop web", "-x"} {
		if r, err := image.Parse(text); err == nil {
			t.Errorf("%q is %+v", text, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"nginx", "localhost:5000/a/b:c", "shop@" + one, "https://x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := image.Parse(text)
		if err != nil {
			return
		}
		again, err := image.Parse(r.String())
		if err != nil || again != r {
			t.Errorf("%q is %+v, whose text is %+v, %v", text, r, again, err)
		}
	})
}
