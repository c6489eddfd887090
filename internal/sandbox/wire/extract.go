package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// extract turns a value of an SDK type into a tree. What is not set is nil: pointers, lists and maps that are nil, and
// empty strings that are not behind a pointer, which is how the SDK writes an enum that has no value.
func extract(v reflect.Value, names *naming, item string) *node {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if v.Elem().Kind() == reflect.String {
			return scalar(v.Elem().String())
		}
		return extract(v.Elem(), names, item)
	case reflect.Interface:
		return extractUnion(v, names)
	case reflect.Struct:
		if v.Type() == timeType {
			return scalar(v.Interface())
		}
		return extractStruct(v, names)
	case reflect.Slice:
		return extractSlice(v, names, item)
	case reflect.Map:
		return extractMap(v, names, item)
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
		return scalar(v.String())
	case reflect.Bool:
		return scalar(v.Bool())
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return scalar(v.Int())
	case reflect.Float32, reflect.Float64:
		return scalar(v.Float())
	}
	panic(fmt.Sprintf("wire: no message carries a %s", v.Type()))
}

func extractStruct(v reflect.Value, names *naming) *node {
	n := newObject()
	for _, m := range names.structure(v.Type()).members {
		if child := extract(v.Field(m.index), names, m.item); child != nil {
			n.put(m.name, child)
		}
	}
	return n
}

func extractSlice(v reflect.Value, names *naming, item string) *node {
	if v.IsNil() {
		return nil
	}
	if v.Type() == bytesType {
		return scalar(v.Bytes())
	}
	n := &node{kind: listNode, item: item}
	for i := range v.Len() {
		n.items = append(n.items, extractElement(v.Index(i), names, item))
	}
	return n
}

func extractMap(v reflect.Value, names *naming, item string) *node {
	if v.IsNil() {
		return nil
	}
	n := newObject()
	n.kind = mapNode
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		n.put(k.String(), extractElement(v.MapIndex(k), names, item))
	}
	return n
}

// extractElement is extract for what cannot be left out, because its place counts.
func extractElement(v reflect.Value, names *naming, item string) *node {
	if v.Kind() == reflect.String {
		return scalar(v.String())
	}
	if n := extract(v, names, item); n != nil {
		return n
	}
	return &node{kind: nullNode}
}

// extractUnion writes a union, an interface in the SDK: the type EvaluationCriteriaMemberPromQLCriteria{Value} is the
// member PromQLCriteria of EvaluationCriteria.
func extractUnion(v reflect.Value, names *naming) *node {
	if v.IsNil() {
		return nil
	}
	choice := reflect.Indirect(v.Elem())
	n := newObject()
	name := strings.TrimPrefix(choice.Type().Name(), v.Type().Name()+"Member")
	n.put(name, extractElement(choice.FieldByName("Value"), names, "member"))
	return n
}
