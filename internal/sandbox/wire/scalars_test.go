package wire_test

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sample is a message with a member of every kind.
type sample struct {
	Text   *string
	Kind   kind
	Flag   *bool
	Small  *int32
	Big    *int64
	Ratio  *float64
	Blob   []byte
	At     *time.Time
	List   []string
	Ratios map[string]float64
	Choice any
}

type kind string

// echo is a front whose one operation returns its input.
func echo(got **sample) *wire.Front {
	say := wire.Op("Say", func(_ context.Context, in *sample) (*sample, error) {
		*got = in
		return in, nil
	})
	return wire.NewFront(&sync.Mutex{},
		wire.Service{SigningName: "typed", Target: "Typed", Protocols: []wire.Protocol{wire.JSON, wire.CBOR}, Operations: []wire.Operation{say}},
		wire.Service{SigningName: "text", Version: "1", Protocols: []wire.Protocol{wire.Query}, Operations: []wire.Operation{say}},
	)
}

func TestScalars(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 500_000_000, time.UTC)
	say := func(body string) raw { return jsonCall("typed", "Typed.Say", body) }
	cbor := func(body string) raw {
		r := cborCall("/service/Typed/operation/Say", body)
		r.service = "typed"
		return r
	}
	query := func(pairs ...string) raw {
		return form("text", append([]string{"Action", "Say", "Version", "1"}, pairs...)...)
	}
	for name, c := range map[string]struct {
		request raw
		want    *sample
		reply   string // is in the reply
	}{
		"json nothing": {say(`{}`), &sample{}, `{}`},
		"json null":    {say(`{"Text":null,"List":null}`), &sample{}, `{}`},
		"json empty":   {say(`{"Text":"","List":[],"Ratios":{}}`), &sample{Text: aws.String(""), List: []string{}, Ratios: map[string]float64{}}, `{"List":[],"Ratios":{},"Text":""}`},
		"json scalars": {
			say(`{"Text":"é","Kind":"k","Flag":false,"Small":-5,"Big":9007199254740993,"Ratio":1e-3,"Blob":"AP8=","At":1769860800.5}`),
			&sample{
				Text: aws.String("é"), Kind: "k", Flag: aws.Bool(false), Small: aws.Int32(-5), Big: aws.Int64(9007199254740993),
				Ratio: aws.Float64(0.001), Blob: []byte("\x00\xff"), At: &at,
			},
			`"At":1769860800.5,"Big":9007199254740993,"Blob":"AP8=","Flag":false,"Kind":"k","Ratio":0.001,"Small":-5,"Text":"é"`,
		},
		"json not numbers": {
			say(`{"Ratio":"NaN","Ratios":{"a":"Infinity","b":"-Infinity","c":2}}`),
			&sample{Ratio: aws.Float64(math.NaN()), Ratios: map[string]float64{"a": math.Inf(1), "b": math.Inf(-1), "c": 2}},
			`{"Ratio":"NaN","Ratios":{"a":"Infinity","b":"-Infinity","c":2}}`,
		},
		"json unknown member": {say(`{"Other":1}`), &sample{}, `{}`},
		"cbor scalars": {
			cbor("\xa6" + "\x65Small\x24" + "\x63Big\x1b\x00\x00\x01\x00\x00\x00\x00\x00" + "\x65Ratio\x02" + "\x64Blob\x42\x00\xff" +
				"\x62At\xc1\xfb\x41\xda\x5f\x7b\xb0\x20\x00\x00" + "\x64Flag\xf5"),
			&sample{
				Small: aws.Int32(-5), Big: aws.Int64(1 << 40), Ratio: aws.Float64(2), Blob: []byte("\x00\xff"), At: &at, Flag: aws.Bool(true),
			},
			"\x65Small\x24",
		},
		"cbor null": {cbor("\xa1\x64Text\xf6"), &sample{}, "\xa0"},
		"query scalars": {
			query("Text", " a&b ", "Flag", "True", "Small", "-5", "Ratio", "-Infinity", "Blob", "AP8=", "At", "2026-01-31T12:00:00.5Z",
				"List.member.10", "c", "List.member.1", "a", "List.member.2", "", "Ratios.entry.1.key", "k", "Ratios.entry.1.value", "NaN"),
			&sample{
				Text: aws.String(" a&b "), Flag: aws.Bool(true), Small: aws.Int32(-5), Ratio: aws.Float64(math.Inf(-1)), Blob: []byte("\x00\xff"),
				At: &at, List: []string{"a", "", "c"}, Ratios: map[string]float64{"k": math.NaN()},
			},
			`<Text> a&amp;b </Text><Flag>true</Flag><Small>-5</Small><Ratio>-Infinity</Ratio><Blob>AP8=</Blob><At>2026-01-31T12:00:00.5Z</At>` +
				`<List><member>a</member><member></member><member>c</member></List><Ratios><entry><key>k</key><value>NaN</value></entry></Ratios>`,
		},
		"query empty": {query("List", "", "Ratios", ""), &sample{List: []string{}, Ratios: map[string]float64{}}, `<SayResult><List></List><Ratios></Ratios></SayResult>`},

		"json too large for it": {say(`{"Small":2147483648}`), nil, `Small: \"2147483648\" is not a whole number of 32 bits`},
		"json a fraction":       {say(`{"Big":1.5}`), nil, `Big: \"1.5\" is not a whole number of 64 bits`},
		"json a string":         {say(`{"Big":"1"}`), nil, `Big: a string where a int64 was expected`},
		"json not a boolean":    {say(`{"Flag":1}`), nil, `Flag: a number where a bool was expected`},
		"json a boolean":        {say(`{"Text":true}`), nil, `Text: a boolean where a string was expected`},
		"json not base64":       {say(`{"Blob":"*"}`), nil, `Blob: not base64`},
		"json no time":          {say(`{"At":1e300}`), nil, `At: \"1e300\" is not a time`},
		"json a list":           {say(`{"Text":[]}`), nil, `Text: start of a structure or list where a value was expected`},
		"json not a list":       {say(`{"List":{}}`), nil, `List: not a list`},
		"json not a map":        {say(`{"Ratios":[]}`), nil, `Ratios: not a map`},
		"json in a list":        {say(`{"List":["a",2]}`), nil, `List.2: a number where a string was expected`},
		"json in a map":         {say(`{"Ratios":{"a":"b"}}`), nil, `Ratios.a: a string where a float64 was expected`},
		"json a union":          {say(`{"Choice":{"A":1}}`), nil, `Choice: the sandbox reads no unions in requests`},
		"json not an object":    {say(`"a"`), nil, `SerializationException`},
		"cbor too large for it": {cbor("\xa1\x65Small\x1a\xff\xff\xff\xff"), nil, "Small: a CBOR cbor.Uint where a int32 was expected"},
		"cbor no time":          {cbor("\xa1\x62At\x01"), nil, "At: a CBOR cbor.Uint where a time was expected"},
		"query not a time":      {query("At", "soon"), nil, `At: &#34;soon&#34; is not a timestamp`},
		"query half an entry":   {query("Ratios.entry.1.key", "k"), nil, `Ratios.1: an entry is a key and a value`},
		"query deep":            {query(strings.Repeat("a.", 50), "1"), nil, `a parameter of 51 parts`},
	} {
		t.Run(name, func(t *testing.T) {
			var got *sample
			w := c.request.send(echo(&got))
			if d := cmp.Diff(c.want, got, cmpopts.EquateNaNs()); d != "" {
				t.Error(d)
			}
			if !strings.Contains(w.Body.String(), c.reply) {
				t.Errorf("got %q, want %q", w.Body, c.reply)
			}
		})
	}
}
