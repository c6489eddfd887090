package wire

import (
	"errors"
	"fmt"
	"reflect"
)

// decoder turns trees into values of SDK types.
type decoder struct {
	names  *naming
	strict bool // refuse members that the type does not have

	// elements and entries read a list and a map out of the shapes that the protocol gives them.
	elements func(n *node, item string) ([]*node, error)
	entries  func(n *node) (keys []string, values []*node, err error)
}

// decodeError says which part of a message does not fit.
type decodeError struct {
	path    string // in the names of the wire, e.g. "Filter.1.Value"
	unknown bool   // no such member
	why     string
}

func (e *decodeError) Error() string { return e.path + ": " + e.why }

func misfit(format string, args ...any) error { return &decodeError{why: fmt.Sprintf(format, args...)} }

// within adds the place of an error to its path.
func within(err error, place string) error {
	var e *decodeError
	if !errors.As(err, &e) {
		return err
	}
	if e.path != "" {
		place += "." + e.path
	}
	return &decodeError{path: place, unknown: e.unknown, why: e.why}
}

// assign sets dst, which is addressable, to what n says.
func (d *decoder) assign(dst reflect.Value, n *node, item string) error {
	if n.kind == nullNode {
		return nil
	}
	t := dst.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		v := reflect.New(t.Elem())
		if err := d.assign(v.Elem(), n, item); err != nil {
			return err
		}
		dst.Set(v)
		return nil
	case t.Kind() == reflect.Struct && t != timeType:
		return d.assignStruct(dst, n)
	case isList(t):
		return d.assignSlice(dst, n, item)
	case t.Kind() == reflect.Map:
		return d.assignMap(dst, n, item)
	case t.Kind() == reflect.Interface:
		return misfit("the sandbox reads no unions in requests")
	case n.kind != scalarNode:
		return misfit("start of a structure or list where a value was expected")
	}
	return setScalar(dst, n.value)
}

func (d *decoder) assignStruct(dst reflect.Value, n *node) error {
	if n.blank() {
		return nil
	}
	if n.kind != objectNode {
		return misfit("a value where a structure was expected")
	}
	known := d.names.structure(dst.Type())
	for i, name := range n.names {
		m, ok := known.byName[name]
		if !ok {
			if d.strict {
				return &decodeError{path: name, unknown: true, why: "not a member"}
			}
			continue
		}
		if err := d.assign(dst.Field(m.index), n.items[i], m.item); err != nil {
			return within(err, name)
		}
	}
	return nil
}

func (d *decoder) assignSlice(dst reflect.Value, n *node, item string) error {
	items, err := d.elements(n, item)
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(dst.Type(), len(items), len(items))
	for i, element := range items {
		if err := d.assign(list.Index(i), element, item); err != nil {
			return within(err, fmt.Sprint(i+1))
		}
	}
	dst.Set(list)
	return nil
}

func (d *decoder) assignMap(dst reflect.Value, n *node, item string) error {
	keys, values, err := d.entries(n)
	if err != nil {
		return err
	}
	t := dst.Type()
	m := reflect.MakeMapWithSize(t, len(keys))
	for i, key := range keys {
		v := reflect.New(t.Elem()).Elem()
		if err := d.assign(v, values[i], item); err != nil {
			return within(err, key)
		}
		m.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), v)
	}
	dst.Set(m)
	return nil
}
