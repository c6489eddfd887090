package wire

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// cborCodec is Smithy RPC v2 CBOR.
type cborCodec struct{}

func (c cborCodec) operation(s *Service, r *request) (string, *Error) {
	if protocol := r.Header.Get("Smithy-Protocol"); protocol != "rpc-v2-cbor" {
		return "", c.absent("this sandbox does not speak " + strconv.Quote(protocol))
	}
	// The path may have a prefix: an endpoint with a path of its own.
	parts := strings.Split(r.URL.Path, "/")
	if n := len(parts); n >= 4 && parts[n-4] == "service" && parts[n-3] == s.Target && parts[n-2] == "operation" {
		return parts[n-1], nil
	}
	return "", c.absent("this sandbox has nothing at " + strconv.Quote(r.URL.Path))
}

func (cborCodec) decode(_ *Service, _ string, r *request, in any) error {
	if len(r.body) == 0 {
		return nil
	}
	v, err := cbor.Decode(r.body)
	if err != nil {
		return err
	}
	tree, err := cborTree(v)
	if err != nil {
		return err
	}
	return typedDecoder.assign(reflect.ValueOf(in).Elem(), tree, "")
}

func cborTree(v cbor.Value) (*node, error) {
	switch v := v.(type) {
	case *cbor.Nil, *cbor.Undefined:
		return &node{kind: nullNode}, nil
	case cbor.List:
		n := &node{kind: listNode}
		for _, item := range v {
			child, err := cborTree(item)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
		}
		return n, nil
	case cbor.Map:
		n := newObject()
		for name, item := range v {
			child, err := cborTree(item)
			if err != nil {
				return nil, err
			}
			n.put(name, child)
		}
		return n, nil
	case cbor.Bool:
		return scalar(bool(v)), nil
	case nil:
		return nil, errors.New("no value")
	}
	return scalar(v), nil
}

// setCBOR sets a scalar other than a bool from its CBOR form.
func setCBOR(dst reflect.Value, v cbor.Value) error {
	wrong := misfit("a CBOR %T where a %s was expected", v, describe(dst))
	switch dst.Kind() {
	case reflect.String:
		if s, ok := v.(cbor.String); ok {
			dst.SetString(string(s))
			return nil
		}
	case reflect.Slice:
		if b, ok := v.(cbor.Slice); ok {
			dst.SetBytes(append([]byte{}, b...))
			return nil
		}
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := cbor.AsInt64(v)
		if err == nil && !dst.OverflowInt(i) {
			dst.SetInt(i)
			return nil
		}
	case reflect.Float32, reflect.Float64:
		if f, ok := cborFloat(v); ok {
			dst.SetFloat(f)
			return nil
		}
	case reflect.Struct:
		tag, ok := v.(*cbor.Tag)
		if !ok || tag.ID != epochTag {
			return wrong
		}
		if f, ok := cborFloat(tag.Value); ok && math.Abs(f) <= maxEpochSeconds {
			dst.Set(reflect.ValueOf(epoch(f)))
			return nil
		}
	}
	return wrong
}

// epochTag marks seconds since 1970.
const epochTag = 1

// cborFloat is any CBOR number.
func cborFloat(v cbor.Value) (float64, bool) {
	switch v := v.(type) {
	case cbor.Float64:
		return float64(v), true
	case cbor.Float32:
		return float64(v), true
	case cbor.Uint:
		return float64(v), true
	case cbor.NegInt:
		return -float64(v), true
	}
	return 0, false
}

func (cborCodec) malformed(err error) *Error { return Errorf("SerializationException", "%v", err) }

func (cborCodec) absent(message string) *Error {
	return Errorf("UnknownOperationException", "%s", message)
}

func (c cborCodec) encode(_ *Service, _ string, out any, _ string) *reply {
	return c.document(200, cborValue(messageTree(out, plain)))
}

func (c cborCodec) refuse(s *Service, e *Error, _ string) *reply {
	// The models write the member's name in either case.
	r := c.document(e.Status, cbor.Map{
		"__type":  cbor.String(errorShape(s, e.Code)),
		"message": cbor.String(e.Message),
		"Message": cbor.String(e.Message),
	})
	setQueryError(r, s, e)
	return r
}

func (cborCodec) document(status int, v cbor.Value) *reply {
	r := newReply(status, "application/cbor", cbor.Encode(v))
	r.header.Set("Smithy-Protocol", "rpc-v2-cbor")
	return r
}

func cborValue(n *node) cbor.Value {
	switch n.kind {
	case scalarNode:
		return cborScalar(n.value)
	case listNode:
		list := make(cbor.List, len(n.items))
		for i, item := range n.items {
			list[i] = cborValue(item)
		}
		return list
	case objectNode, mapNode:
		object := make(cbor.Map, len(n.items))
		for i, item := range n.items {
			object[n.names[i]] = cborValue(item)
		}
		return object
	}
	return &cbor.Nil{}
}

func cborScalar(v any) cbor.Value {
	switch v := v.(type) {
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case int64:
		if v < 0 {
			return cbor.NegInt(uint64(-v))
		}
		return cbor.Uint(v)
	case float64:
		return cbor.Float64(v)
	case []byte:
		return cbor.Slice(v)
	case time.Time:
		return &cbor.Tag{ID: epochTag, Value: cbor.Float64(epochSeconds(v))}
	}
	return &cbor.Nil{}
}

// epochSeconds is a time whose milliseconds survive a reader that truncates them, as the SDK's does.
func epochSeconds(t time.Time) float64 {
	seconds := float64(t.UnixMilli()) / 1e3
	if int64(seconds*1e3) < t.UnixMilli() {
		return math.Nextafter(seconds, math.Inf(1))
	}
	return seconds
}
