package traffic

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func anyWeights(t *rapid.T, label string) Weights {
	return rapid.MapOfN(rapid.SampledFrom(Colors), rapid.IntRange(0, MaxWeight), 1, 2).Draw(t, label)
}

func anyFence(t *rapid.T) Fence {
	return Fence{
		Epoch: rapid.Int64Min(1).Draw(t, "epoch"), Nonce: NewNonce(), Deployment: "20260101-235959-abcdef",
		Op: rapid.SampledFrom([]Op{OpBegin, OpShift, OpRollback, OpRetire, OpDone, OpBack, OpFailed, OpRetired, OpCloned}).Draw(t, "op"),
		To: rapid.SampledFrom(Colors).Draw(t, "to"), Was: anyWeights(t, "was"),
		Old: rapid.SampledFrom([]Capacity{Pinned, Free, Reduced}).Draw(t, "old"),
	}
}

// Every fence can be read again, and stands in one string of a TXT record.
func TestFenceRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyFence(t)
		value := want.Value()
		if len(value) > 2+255 || value[0] != '"' || value[len(value)-1] != '"' {
			t.Fatalf("%d bytes: %s", len(value), value)
		}
		for _, text := range []string{value, strings.Trim(value, `"`)} { // as Route 53 lists it, and as name servers answer it
			got, err := ParseFence(text)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("%v %s", err, diff)
			}
		}
	})
}

const fenceText = "bluegreen1 epoch=7 nonce=0123456789abcdef deployment=20260101-000000-abcdef op=shift to=green was=blue:100,green:0 old=pinned"

func TestParseFence(t *testing.T) {
	for text, want := range map[string]string{
		fenceText: "",
		strings.Replace(fenceText, "old=pinned", "old=pinned new=thing", 1): "",
		"":            "it was not written by this release of switcher",
		`v=spf1 -all`: "it was not written by this release of switcher",
		strings.Replace(fenceText, "bluegreen1", "bluegreen2", 1):                        "it was not written by this release of switcher",
		`"bluegreen1 epoch=7" "more"`:                                                    "it was not written by this release of switcher",
		strings.Replace(fenceText, "epoch=7", "epoch=0", 1):                              "no epoch",
		strings.Replace(fenceText, "epoch=7", "epoch=seven", 1):                          "no epoch",
		strings.Replace(fenceText, " nonce=0123456789abcdef", "", 1):                     "no nonce or no deployment",
		strings.Replace(fenceText, "deployment=20260101-000000-abcdef", "deployment", 1): "no nonce or no deployment",
		strings.Replace(fenceText, "to=green", "to=red", 1):                              `unknown color "red": want blue or green`,
		strings.Replace(fenceText, "green:0", "green:256", 1):                            `read weights "blue:100,green:256": "256" is not a weight from 0 to 255`,
		strings.Replace(fenceText, "was=blue:100,green:0", "", 1):                        `read weights "": unknown color "": want blue or green`,
	} {
		value := text
		if !strings.HasPrefix(text, `"`) {
			value = `"` + text + `"`
		}
		_, err := ParseFence(value)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want != "" {
			want = "read the fence " + value + ": " + want
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func FuzzParseFence(f *testing.F) {
	f.Add(`"` + fenceText + `"`)
	f.Add(fenceText)
	f.Add(`"bluegreen1 epoch=1 nonce=a deployment=b op=c to=blue was=blue:1,green:2 old=d epoch=3"`)
	f.Fuzz(func(t *testing.T, text string) {
		fence, err := ParseFence(text)
		if err != nil {
			return
		}
		again, err := ParseFence(fence.Value())
		if diff := cmp.Diff(fence, again); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	})
}

func TestWeights(t *testing.T) {
	for text, c := range map[string]struct {
		want        Weights
		err         string
		blue, green float64
		live        []Color
	}{
		"blue:100":             {Weights{Blue: 100}, "", 1, 0, []Color{Blue}},
		"blue:90,green:10":     {Weights{Blue: 90, Green: 10}, "", 0.9, 0.1, Colors},
		"blue:0,green:255":     {Weights{Blue: 0, Green: 255}, "", 0, 1, []Color{Green}},
		"blue:0,green:0":       {Weights{Blue: 0, Green: 0}, "", 0.5, 0.5, Colors},
		"green:0":              {Weights{Green: 0}, "", 0, 1, []Color{Green}},
		"":                     {nil, `read weights "": unknown color "": want blue or green`, 0, 0, nil},
		"red:1":                {nil, `read weights "red:1": unknown color "red": want blue or green`, 0, 0, nil},
		"blue":                 {nil, `read weights "blue": "" is not a weight from 0 to 255`, 0, 0, nil},
		"blue:-1":              {nil, `read weights "blue:-1": "-1" is not a weight from 0 to 255`, 0, 0, nil},
		"blue:256":             {nil, `read weights "blue:256": "256" is not a weight from 0 to 255`, 0, 0, nil},
		"blue:1.5":             {nil, `read weights "blue:1.5": "1.5" is not a weight from 0 to 255`, 0, 0, nil},
		"blue:1,":              {nil, `read weights "blue:1,": unknown color "": want blue or green`, 0, 0, nil},
		"blue:1,blue:2":        {nil, `read weights "blue:1,blue:2": blue stands there twice`, 0, 0, nil},
		"blue:1,green:2,red:3": {nil, `read weights "blue:1,green:2,red:3": unknown color "red": want blue or green`, 0, 0, nil},
	} {
		got, err := ParseWeights(text)
		if message := message(err); message != c.err {
			t.Errorf("%s: %s, want %s", text, message, c.err)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || got.String() != text {
			t.Errorf("%s: %s %s", text, got, diff)
		}
		if got.Share(Blue) != c.blue || got.Share(Green) != c.green || !cmp.Equal(got.Live(), c.live) {
			t.Errorf("%s: shares %v and %v, live %v", text, got.Share(Blue), got.Share(Green), got.Live())
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
