package recipe

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func inputs() Inputs {
	return Inputs{
		App: "shop", Base: "ami-0123456789abcdef0", Agent: "1.2.0", Package: SHA256([]byte("deb")), Image: "registry.example.com/shop@" + digest,
		Settings: SHA256([]byte("toml")), Docker: "docker.io", Packages: []string{"jq", "chrony=4.3-2"},
		Files:   Sums([]Piece{{"/etc/b", 0o644, []byte("b")}, {"/etc/a", 0o600, []byte("a")}}),
		Scripts: Sums([]Piece{{"one.sh", 0o755, []byte("1")}, {"two.sh", 0o755, []byte("2")}}),
		Volume:  16, KMSKey: "alias/amis",
	}
}

// Each field counts, down to the last one of a list's items, and so does each item.
func TestKeyOfEachField(t *testing.T) {
	keys := map[string]string{inputs().Key(): "as they are"}
	differs := func(what string, in Inputs) {
		key := in.Key()
		if other, taken := keys[key]; taken {
			t.Errorf("with other %s the key is that of inputs %s", what, other)
		}
		keys[key] = "with other " + what
	}
	count := len(fields(reflect.ValueOf(&Inputs{}).Elem(), "")) // without the items of lists
	if count != 12 {
		t.Fatalf("Inputs has %d fields: does this test know all of them?", count)
	}
	base := inputs()
	for i, f := range fields(reflect.ValueOf(&base).Elem(), "") {
		in := inputs()
		v := fields(reflect.ValueOf(&in).Elem(), "")[i].value
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Uint32:
			v.SetUint(v.Uint() + 1)
		case reflect.Slice:
			v.Set(v.Slice(0, v.Len()-1))
		default:
			t.Fatalf("a field of type %s", v.Type())
		}
		differs(f.path, in)
	}
	in := inputs()
	slices.Reverse(in.Scripts)
	differs("order of scripts", in)
}

type field struct {
	path  string
	value reflect.Value
}

func fields(v reflect.Value, path string) (all []field) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, fields(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
		return all
	case reflect.Slice:
		all = append(all, field{path, v})
		for i := range v.Len() {
			all = append(all, fields(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	}
	return append(all, field{path, v})
}

// What makes no difference to the AMI makes none to the key: the order of packages and of files, and what is said twice.
func TestKeyIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, same := inputs(), inputs()
		in.Packages = rapid.SliceOf(rapid.StringMatching(`[a-z]{2,3}`)).Draw(t, "packages")
		same.Packages = append(rapid.Permutation(in.Packages).Draw(t, "order of packages"), in.Packages...)
		same.Files = rapid.Permutation(in.Files).Draw(t, "order of files")
		if in.Key() != same.Key() {
			t.Fatalf("keys differ:\n%s\n%s", in.Listing(), same.Listing())
		}
		if len(in.Key()) != 20 || strings.Trim(in.Key(), "0123456789abcdef") != "" {
			t.Fatalf("the key is %q", in.Key())
		}
	})
}

// No text passes for something else: different inputs have different listings, whatever is in them.
func TestListingsDiffer(t *testing.T) {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", " ", "\"", "\n", "a\nb", "a b", "\" \"", "volume 16", "a\"\npackage \"b"}), rapid.String())
	of := rapid.Custom(func(t *rapid.T) Inputs {
		sums := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Sum {
			return Sum{text.Draw(t, "name"), rapid.Uint32().Draw(t, "mode"), text.Draw(t, "sum")}
		}), 0, 2)
		return Inputs{
			App: text.Draw(t, "app"), Base: text.Draw(t, "base"), Image: text.Draw(t, "image"), KMSKey: text.Draw(t, "key"),
			Packages: rapid.SliceOfNDistinct(text, 0, 3, rapid.ID[string]).Draw(t, "packages"), Scripts: sums.Draw(t, "scripts"), Volume: rapid.Int().Draw(t, "volume"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := of.Draw(t, "a"), of.Draw(t, "b")
		slices.Sort(a.Packages)
		slices.Sort(b.Packages)
		equal := cmp.Equal(a, b)
		if same := a.Listing() == b.Listing(); same != equal {
			t.Fatalf("the listings of %+v and %+v are the same: %t", a, b, same)
		}
	})
}

// The form of the listing is part of the keys of all AMIs that there are: who changes it has everything baked anew.
func TestListing(t *testing.T) {
	want := `amibake 1
guest "` + SHA256([]byte(BuilderScript())) + `"
app "shop"
base "ami-0123456789abcdef0"
agent "1.2.0" "` + SHA256([]byte("deb")) + `"
image "registry.example.com/shop@` + digest + `"
settings "` + SHA256([]byte("toml")) + `"
docker "docker.io"
package "chrony=4.3-2"
package "jq"
file "/etc/a" 384 "` + SHA256([]byte("a")) + `"
file "/etc/b" 420 "` + SHA256([]byte("b")) + `"
script "one.sh" 493 "` + SHA256([]byte("1")) + `"
script "two.sh" 493 "` + SHA256([]byte("2")) + `"
volume 16
kms "alias/amis"
`
	if diff := cmp.Diff(want, inputs().Listing()); diff != "" {
		t.Error(diff)
	}
}

func TestPin(t *testing.T) {
	for ref, want := range map[string]string{
		"registry.example.com/shop:1.2":       "registry.example.com/shop@" + digest,
		"registry.example.com:5000/a/shop:1":  "registry.example.com:5000/a/shop@" + digest,
		"shop:1":                              "docker.io/library/shop@" + digest,
		"ghcr.io/shop:1@sha256:" + digest[7:]: "ghcr.io/shop@" + digest,
	} {
		if got, err := Pin(ref, digest); err != nil || got != want {
			t.Errorf("%s: got %s, %v", ref, got, err)
		}
	}
	for _, bad := range [][2]string{{"Shop", digest}, {"shop:1", "sha256:0"}, {"shop:1", ""}} {
		if got, err := Pin(bad[0], bad[1]); err == nil {
			t.Errorf("%v: got %s", bad, got)
		}
	}
}

func TestName(t *testing.T) {
	began := time.Date(2026, 11, 21, 4, 5, 6, 0, time.FixedZone("", 3600))
	for pattern, want := range map[string]string{
		"{app}-{time}-{key}":        "shop-20261121-030506-01234567",
		"images/{key} ({time})":     "images/01234567 (20261121-030506)",
		strings.Repeat("x", 128):    strings.Repeat("x", 128),
		strings.Repeat("x", 129):    "",
		"":                          "",
		"{app}{app}{app}" + "{key}": "shopshopshop01234567",
	} {
		got, err := Name(pattern, "shop", began, "0123456789abcdef0123")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", pattern, got, err)
		}
	}
}
