package wire_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
)

// filler sets every field of SDK types to something that nothing else has.
type filler struct {
	t    *testing.T
	n    int
	open map[reflect.Type]bool // types being filled: one that holds itself is filled once
}

func filled[T any](t *testing.T) *T {
	t.Helper()
	v := new(T)
	f := filler{t: t, open: map[reflect.Type]bool{}}
	f.fill(reflect.ValueOf(v).Elem(), "")
	return v
}

// unions are the interfaces of the SDK's types that stand for a choice, and a choice for each.
var unions = map[reflect.Type]any{
	reflect.TypeFor[cloudwatchtypes.EvaluationCriteria](): cloudwatchtypes.EvaluationCriteriaMemberPromQLCriteria{},
	reflect.TypeFor[cloudwatchtypes.EvaluationWindow]():   cloudwatchtypes.EvaluationWindowMemberWallClockWindow{},
}

func (f *filler) fill(v reflect.Value, name string) {
	f.n++
	switch v.Kind() {
	case reflect.Pointer:
		if f.open[v.Type().Elem()] {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name)
	case reflect.Struct:
		f.fillStruct(v)
	case reflect.Slice:
		f.fillSlice(v, name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, name+"Key")
			f.fill(value, name+"Value")
			v.SetMapIndex(key, value)
		}
	case reflect.Interface:
		choice := reflect.New(reflect.TypeOf(unions[v.Type()]))
		f.fill(choice.Elem(), name)
		v.Set(choice)
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d <&'\" é+%%2F", name, f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(int64(f.n))
	case reflect.Int64:
		v.SetInt(1<<40 + int64(f.n))
	case reflect.Float64:
		v.SetFloat(float64(f.n) + 0.1)
	default:
		f.t.Fatalf("%s: cannot fill a %s", name, v.Type())
	}
}

func (f *filler) fillStruct(v reflect.Value) {
	t := v.Type()
	if t == reflect.TypeFor[time.Time]() {
		at := time.Date(2026, 1, 31, 12, 0, 0, 123_000_000, time.UTC)
		v.Set(reflect.ValueOf(at.Add(time.Duration(f.n) * 1001 * time.Millisecond)))
		return
	}
	f.open[t] = true
	defer delete(f.open, t)
	for i := range t.NumField() {
		if field := t.Field(i); field.IsExported() && field.Name != "ResultMetadata" {
			f.fill(v.Field(i), field.Name)
		}
	}
}

func (f *filler) fillSlice(v reflect.Value, name string) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		v.SetBytes(fmt.Appendf(nil, "%s\x00\xff%d", name, f.n))
		return
	}
	if f.open[v.Type().Elem()] {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 2, 2))
	for i := range v.Len() {
		f.fill(v.Index(i), name)
	}
}

// diff compares messages, without what the SDK adds to them.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && (field.Name() == "ResultMetadata" || field.Name() == "noSmithyDocumentSerde")
	}, cmp.Ignore()))
}
