package facts

import (
	"reflect"
	"slices"
)

// Copy sets the fields of dst, a pointer to a struct, to those of src that have the same name and type and are set, but for
// those named in except.
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
		if from.IsValid() && from.Type() == field.Type && !from.IsZero() {
			d.Field(i).Set(from)
		}
	}
}
