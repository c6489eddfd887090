package facts

import (
	"reflect"
	"slices"
)

// Copy sets the fields of dst, a pointer to a struct, to those of src that have the same name and type and say something,
// but for those named in except. The copy shares nothing with src and is pruned; an empty text says nothing.
func Copy(dst, src any, except ...string) {
	d, s := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src)
	for s.Kind() == reflect.Pointer {
		s = s.Elem()
	}
	for i := range d.NumField() {
		field := d.Type().Field(i)
		if !field.IsExported() || slices.Contains(except, field.Name) {
			continue
		}
		from := s.FieldByName(field.Name)
		if !from.IsValid() || from.Type() != field.Type {
			continue
		}
		if said, ok := pruned(from); ok && !emptyText(said) {
			d.Field(i).Set(said)
		}
	}
}

func emptyText(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.String && v.Elem().Len() == 0
}

// Pruned is a copy of a description without its empty lists and structures: AWS describes them, and refuses to be asked for
// them. Empty texts stay, because some of them say something: a redirect with the query "" drops the query.
func Pruned[T any](described T) T {
	var out T
	if said, ok := pruned(reflect.ValueOf(&described).Elem()); ok {
		reflect.ValueOf(&out).Elem().Set(said)
	}
	return out
}

// pruned copies what v says; ok is false if that is nothing. What stands behind a pointer says something even if it is zero.
func pruned(v reflect.Value) (out reflect.Value, ok bool) {
	out = reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return out, false
		}
		said, ok := pruned(v.Elem())
		if !ok && v.Elem().Kind() == reflect.Struct {
			return out, false
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(said)
		return out, true
	case reflect.Struct:
		return prunedStruct(v)
	case reflect.Slice:
		for i := range v.Len() {
			said, _ := pruned(v.Index(i)) // an element keeps its place even if it is empty
			out = reflect.Append(out, said)
		}
		return out, out.Len() > 0
	case reflect.Map:
		return prunedMap(v)
	default:
		out.Set(v)
		return out, !v.IsZero()
	}
}

func prunedStruct(v reflect.Value) (out reflect.Value, ok bool) {
	out = reflect.New(v.Type()).Elem()
	if v.Type() == timeType {
		out.Set(v)
		return out, !v.IsZero()
	}
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if said, has := pruned(v.Field(i)); has {
			out.Field(i).Set(said)
			ok = true
		}
	}
	return out, ok
}

func prunedMap(v reflect.Value) (out reflect.Value, ok bool) {
	out = reflect.MakeMap(v.Type())
	for _, key := range v.MapKeys() {
		out.SetMapIndex(key, v.MapIndex(key))
	}
	return out, out.Len() > 0
}
