package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"bluegreen/internal/pattern"
)

// Image says which image to run: a reference, or the parameter of Parameter Store that holds one.
type Image struct {
	Text       string // as it was written; "" for one that nobody wrote
	Registry   string // host, e.g. "123456789012.dkr.ecr.eu-west-1.amazonaws.com"; "docker.io" when none was named
	Repository string // within the registry, e.g. "shop"
	Tag        string // "" when there is just a digest
	Digest     string // "sha256:…", or "" when the tag is yet to be resolved
	Parameter  string // "/path" in Parameter Store; all but Text is "" then
}

const wantImage = `must be a reference with a tag or a digest, such as "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2", or "ssm:/PATH"`

var parameterPath = pattern.Lazy(`^(/[\w.-]+)+$`)

// ParseImage reads what image says.
func ParseImage(text string) (Image, error) {
	if path, ok := strings.CutPrefix(text, "ssm:"); ok {
		if !parameterPath().MatchString(path) {
			return Image{}, errors.New(`must be "ssm:" and the path of a parameter, such as "ssm:/shop/image"`)
		}
		return Image{Text: text, Parameter: path}, nil
	}
	return ParseReference(text)
}

// ParseReference reads a reference to an image, such as a parameter holds.
func ParseReference(text string) (Image, error) {
	named, err := reference.ParseNormalizedNamed(text)
	switch {
	case err != nil && strings.Contains(text, "://"):
		return Image{}, errors.New(wantImage + ", without " + text[:strings.Index(text, "://")+3])
	case err != nil:
		return Image{}, fmt.Errorf("%s (%w)", wantImage, err)
	case reference.IsNameOnly(named):
		return Image{}, errors.New(wantImage + ": without a tag, it would be whatever is latest")
	}
	image := Image{Text: text, Registry: reference.Domain(named), Repository: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		image.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		image.Digest = digested.Digest().String()
		if digested.Digest().Algorithm() != "sha256" {
			return Image{}, errors.New("must have a digest by sha256, if any")
		}
	}
	return image, nil
}

// Set implements config.Setter.
func (i *Image) Set(value any) (err error) {
	text, ok := value.(string)
	if !ok {
		return errors.New(wantImage)
	}
	*i, err = ParseImage(text)
	return err
}

func (i Image) String() string {
	if i.Text != "" || i.Digest == "" {
		return i.Text
	}
	return i.Name() + "@" + i.Digest
}

// IsZero says whether no image is named.
func (i Image) IsZero() bool { return i == Image{} }

// Name is the repository with its registry; "" for a parameter.
func (i Image) Name() string {
	if i.Registry == "" {
		return ""
	}
	return i.Registry + "/" + i.Repository
}

// Pinned says whether the digest is known, so that no registry has to be asked what to run.
func (i Image) Pinned() bool { return i.Digest != "" }

// WithDigest is the reference by digest alone: what runs, whatever the tag says by then.
func (i Image) WithDigest(digest string) Image {
	return Image{Registry: i.Registry, Repository: i.Repository, Digest: digest}
}
