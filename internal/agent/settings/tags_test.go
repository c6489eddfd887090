package settings

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithTags(t *testing.T) {
	const repository = "image = \"registry.example.com/shop:1\"\ncontainer.ports = [\"80:8080\"]\n"
	type result struct {
		App, Color, Image string
		Notes             []string
		Faults            string
	}
	for name, c := range map[string]struct {
		text string
		tags map[string]string
		want result
	}{
		"none": {minimal, nil, result{App: "shop", Image: "registry.example.com/shop:1"}},
		"app and color": {repository, map[string]string{"bluegreen:app": "cart", "bluegreen:color": "green", "Name": "x", "color": "red"},
			result{App: "cart", Color: "green", Image: "registry.example.com/shop:1"}},
		"over a file": {minimal + "color = \"blue\"", map[string]string{"bluegreen:app": "cart", "bluegreen:color": "green"},
			result{App: "cart", Color: "green", Image: "registry.example.com/shop:1"}},
		"empty is unset": {minimal, map[string]string{"bluegreen:app": "", "bluegreen:color": ""},
			result{App: "shop", Image: "registry.example.com/shop:1"}},
		"missing": {repository, nil, result{Image: "registry.example.com/shop:1", Faults: "the configuration: 1 fault\n  app: must be set in a file, or by the tag bluegreen:app"}},
		"all faults": {repository + "tags = [\"app\", \"color\", \"image\"]", map[string]string{"bluegreen:app": "My App", "bluegreen:color": "red", "bluegreen:image": "shop"},
			result{App: "My App", Color: "red", Image: "registry.example.com/shop:1", Faults: `the instance's tags: 3 faults
  tag bluegreen:image: image: ` + wantImage + `: without a tag, it would be whatever is latest (got "shop")
  tag bluegreen:app: app: must be 1 to 21 lower-case letters, digits or hyphens, a letter first (got "My App")
  tag bluegreen:color: color: must be one of blue, green (got "red")`}},
		"an image that may not be chosen": {minimal, map[string]string{"bluegreen:image": "evil.example.com/miner:1"},
			result{App: "shop", Image: "registry.example.com/shop:1", Notes: []string{"tag bluegreen:image is passed over: tags does not list image"}}},
		"another version": {minimal + "tags = [\"image\"]", map[string]string{"bluegreen:image": "registry.example.com/shop:2", "bluegreen:color": "red"},
			result{App: "shop", Image: "registry.example.com/shop:2", Notes: []string{"tag bluegreen:color is passed over: tags does not list color"}}},
		"another repository": {minimal + "tags = [\"image\"]", map[string]string{"bluegreen:image": "evil.example.com/shop:1"},
			result{App: "shop", Image: "registry.example.com/shop:1", Faults: "the instance's tags: 1 fault\n  tag bluegreen:image: image: a tag may choose a version of the image in a file, but no other repository than registry.example.com/shop (got \"evil.example.com/shop:1\")"}},
		"another parameter": {minimal + "tags = [\"image\"]", map[string]string{"bluegreen:image": "ssm:/evil"},
			result{App: "shop", Image: "registry.example.com/shop:1", Faults: "the instance's tags: 1 fault\n  tag bluegreen:image: image: " + wantImage + " (invalid reference format) (got \"ssm:/evil\")"}},
		"instead of a parameter": {"app = \"shop\"\nimage = \"ssm:/shop\"\ncontainer.ports = [\"80:8080\"]\ntags = [\"image\"]", map[string]string{"bluegreen:image": "registry.example.com/shop:2"},
			result{App: "shop", Image: "ssm:/shop", Faults: "the instance's tags: 1 fault\n  tag bluegreen:image: image: a tag may choose a version of the image in a file, but ssm:/shop names no repository (got \"registry.example.com/shop:2\")"}},
		"no environment": {minimal, map[string]string{"bluegreen:env:LD_PRELOAD": "/evil.so", "bluegreen:colour": "red", "bluegreen:deployment": "d-1"},
			result{App: "shop", Image: "registry.example.com/shop:1", Notes: []string{
				"tag bluegreen:colour is passed over: it is spelled bluegreen:color",
				"tag bluegreen:env:LD_PRELOAD is passed over: variables are set in files only"}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := mustLoad(t, c.text)
			s, err := before.WithTags(c.tags)
			got := result{App: s.App, Color: s.Color, Image: s.Image.String(), Notes: s.Notes}
			if err != nil {
				got.Faults = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(mustLoad(t, c.text), before); diff != "" {
				t.Errorf("the settings themselves have changed:\n%s", diff)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	type missing struct{ Needed, Wanted []string }
	const nameless = "image = \"registry.example.com/shop:1\"\ncontainer.ports = [\"80:8080\"]\n"
	for name, c := range map[string]struct {
		text string
		tags map[string]string
		want missing
	}{
		"both":              {nameless, nil, missing{[]string{"app"}, []string{"color"}}},
		"empty":             {nameless, map[string]string{"bluegreen:app": "", "bluegreen:color": "green"}, missing{[]string{"app"}, nil}},
		"in files":          {minimal + "color = \"blue\"", nil, missing{}},
		"not to be obeyed":  {minimal + "tags = []", nil, missing{}},
		"there but invalid": {nameless, map[string]string{"bluegreen:app": "My App", "bluegreen:color": "red"}, missing{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got missing
			got.Needed, got.Wanted = mustLoad(t, c.text).Await(c.tags)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
