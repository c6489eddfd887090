package wire

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	smithytime "github.com/aws/smithy-go/time"
)

// setScalar sets a string, number, bool, time or []byte from a scalar of any protocol.
func setScalar(dst reflect.Value, v any) error {
	var err error
	switch v := v.(type) {
	case text:
		err = setText(dst, string(v))
	case string:
		err = setString(dst, v)
	case bool:
		if dst.Kind() != reflect.Bool {
			return misfit("a boolean where a %s was expected", describe(dst))
		}
		dst.SetBool(v)
	case json.Number:
		err = setNumber(dst, v)
	case cbor.Value:
		err = setCBOR(dst, v)
	default:
		return misfit("a %T where a %s was expected", v, describe(dst))
	}
	return err
}

// setText parses what a text protocol wrote.
func setText(dst reflect.Value, s string) error {
	switch dst.Kind() {
	case reflect.Bool:
		b := strings.EqualFold(s, "true")
		if !b && !strings.EqualFold(s, "false") {
			return misfit("%q is not a boolean", s)
		}
		dst.SetBool(b)
		return nil
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return setNumber(dst, json.Number(s))
	case reflect.Float32, reflect.Float64:
		if f, special := specialFloat(s); special {
			dst.SetFloat(f)
			return nil
		}
		return setNumber(dst, json.Number(s))
	case reflect.Struct:
		t, err := smithytime.ParseDateTime(s)
		if err != nil {
			return misfit("%q is not a timestamp", s)
		}
		dst.Set(reflect.ValueOf(t.UTC()))
		return nil
	}
	return setString(dst, s)
}

// setString takes a string of a protocol that knows strings from other scalars.
func setString(dst reflect.Value, s string) error {
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(s)
		return nil
	case reflect.Slice:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return misfit("not base64: %v", err)
		}
		dst.SetBytes(b)
		return nil
	case reflect.Float32, reflect.Float64:
		if f, special := specialFloat(s); special {
			dst.SetFloat(f)
			return nil
		}
	}
	return misfit("a string where a %s was expected", describe(dst))
}

// setNumber takes decimal digits; as a time they are seconds since 1970.
func setNumber(dst reflect.Value, n json.Number) error {
	switch dst.Kind() {
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.String(), 10, dst.Type().Bits())
		if err != nil {
			return misfit("%q is not a whole number of %d bits", n, dst.Type().Bits())
		}
		dst.SetInt(i)
		return nil
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.String(), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return misfit("%q is not a number", n)
		}
		dst.SetFloat(f)
		return nil
	case reflect.Struct:
		f, err := n.Float64()
		if err != nil || math.Abs(f) > maxEpochSeconds {
			return misfit("%q is not a time", n)
		}
		dst.Set(reflect.ValueOf(epoch(f)))
		return nil
	}
	return misfit("a number where a %s was expected", describe(dst))
}

// maxEpochSeconds is beyond the year 9999, the last that a timestamp can be written in.
const maxEpochSeconds = 1 << 38

// epoch is a time at the APIs' resolution of a millisecond.
func epoch(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1e3))).UTC() }

// specialFloat reads the numbers that have no digits.
func specialFloat(s string) (float64, bool) {
	switch s {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// formatFloat is a number, or the name of one that has no digits.
func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// formatText writes a scalar for a text protocol.
func formatText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return formatFloat(v)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return smithytime.FormatDateTime(v)
	}
	return ""
}

func describe(dst reflect.Value) string {
	switch {
	case dst.Type() == timeType:
		return "time"
	case dst.Type() == bytesType:
		return "blob"
	}
	return dst.Kind().String()
}
