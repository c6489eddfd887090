package ec2

import "reflect"

// The SDK has many pairs of types that say the same, one for requests and one for responses, whose fields have the same
// names. What follows carries one over to the other field by field, so that no field can be forgotten.

// convert makes a Dst from src, deeply.
func convert[Dst any](src any) *Dst {
	dst := new(Dst)
	carry(reflect.ValueOf(dst).Elem(), reflect.Indirect(reflect.ValueOf(src)))
	return dst
}

func carry(dst, src reflect.Value) {
	if dst.Type() == src.Type() {
		dst.Set(src)
		return
	}
	switch {
	case dst.Kind() == reflect.Struct && src.Kind() == reflect.Struct:
		carryFields(dst, src)
	case dst.Kind() == reflect.Pointer && src.Kind() == reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
			carry(dst.Elem(), src.Elem())
		}
	case dst.Kind() == reflect.Slice && src.Kind() == reflect.Slice:
		if !src.IsNil() {
			dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
			for i := range src.Len() {
				carry(dst.Index(i), src.Index(i))
			}
		}
	case dst.Kind() == src.Kind() && src.CanConvert(dst.Type()):
		dst.Set(src.Convert(dst.Type()))
	}
}

func carryFields(dst, src reflect.Value) {
	for i := range src.NumField() {
		field := src.Type().Field(i)
		if into := dst.FieldByName(field.Name); field.IsExported() && into.IsValid() {
			carry(into, src.Field(i))
		}
	}
}

// override sets each field of dst that is not empty in src, a struct of the same type.
func override[T any](dst, src *T) {
	from, into := reflect.ValueOf(src).Elem(), reflect.ValueOf(dst).Elem()
	for i := range from.NumField() {
		if from.Type().Field(i).IsExported() && !from.Field(i).IsZero() {
			into.Field(i).Set(from.Field(i))
		}
	}
}
