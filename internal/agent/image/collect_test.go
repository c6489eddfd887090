package image_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/agent/image"
	"bluegreen/internal/docker"
)

func digestOf(n byte) string {
	text := []byte(one)
	for i := len("sha256:"); i < len(text); i++ {
		text[i] = n
	}
	return string(text)
}

// crowded is an engine with nine images of 5 GiB on a disk of 100, oldest first:
// 0 and 1 of nobody any more, 2 ran before, 3 runs, 4 in use by somebody's container, 5 of another repository, 6 in ours and
// in another, 7 without a name, 8 of nobody any more.
func crowded() *engine {
	e := newEngine()
	e.disk = image.Space{Free: 100 << 30}
	for n := range byte(9) {
		e.add(pinned(digestOf('0'+n)), 5<<30)
	}
	e.images[5].RepoDigests = []string{"other@" + digestOf('5')}
	e.images[6].RepoTags = []string{"mine:latest"}
	e.images[7].RepoDigests = nil
	e.run(tagged, pinned(digestOf('3')), digestOf('2'), "7")
	e.containers = append(e.containers, docker.Container{ImageID: id(digestOf('4'))})
	return e
}

func fill(e *engine, percent uint64) {
	e.disk.Used = percent << 30
	e.disk.Free = (100 - percent) << 30
}

func TestCollect(t *testing.T) {
	for _, c := range []struct {
		name string
		used uint64
		want []string
	}{
		{"below the high mark", 84, nil},
		{"until the low mark", 85, []string{id(digestOf('0')), id(digestOf('1'))}},
		{"until there is nothing that may go", 97, []string{id(digestOf('0')), id(digestOf('1')), id(digestOf('8'))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := crowded()
			fill(e, c.used)
			got, err := image.New(plain(e)).Collect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Removed); diff != "" {
				t.Error(diff)
			}
			if got.Bytes != int64(len(c.want))*5<<30 {
				t.Errorf("%d bytes", got.Bytes)
			}
		})
	}
}

// An image that was got and has no container yet is kept, and so is the one that a tag stands for here.
func TestCollectKeepsWhatIsToRun(t *testing.T) {
	e := crowded()
	e.tags[repository+":v9"] = digestOf('8')
	images := image.New(plain(e))
	if _, err := images.Ensure(t.Context(), repository+":v9", nil); err != nil {
		t.Fatal(err)
	}
	e.images[1].RepoTags = []string{repository + ":v9"} // however that came to be
	fill(e, 99)
	got, err := images.Collect(t.Context())
	if diff := cmp.Diff([]string{id(digestOf('0'))}, got.Removed); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestMakeRoom(t *testing.T) {
	e := crowded()
	fresh := digestOf('a')
	e.tags[tagged] = fresh
	fill(e, 99)
	e.disk.Free = 100 << 20
	got, err := image.New(plain(e)).Ensure(t.Context(), tagged, nil)
	if err != nil || got.Digest != fresh {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"resolve " + tagged, "remove " + id(digestOf('0')), "pull " + pinned(fresh)}, e.calls); diff != "" {
		t.Error(diff)
	}
}
