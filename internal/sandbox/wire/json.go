package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// jsonCodec is AWS JSON 1.0 or 1.1, which differ in the content type only.
type jsonCodec struct{ contentType string }

func jsonCodecFor(contentType string) jsonCodec {
	if strings.HasPrefix(contentType, "application/x-amz-json-1.0") {
		return jsonCodec{"application/x-amz-json-1.0"}
	}
	return jsonCodec{"application/x-amz-json-1.1"}
}

// typedDecoder reads trees of protocols that know lists and maps from structures; lowerDecoder those of services whose
// members begin with a lower-case letter.
var (
	typedDecoder = &decoder{names: plain, elements: typedElements, entries: typedEntries}
	lowerDecoder = &decoder{names: lowered, elements: typedElements, entries: typedEntries}
)

func typedElements(n *node, _ string) ([]*node, error) {
	if n.kind != listNode {
		return nil, misfit("not a list")
	}
	return n.items, nil
}

func typedEntries(n *node) (keys []string, values []*node, err error) {
	if n.kind != objectNode {
		return nil, nil, misfit("not a map")
	}
	return n.names, n.items, nil
}

func (c jsonCodec) operation(s *Service, r *request) (string, *Error) {
	target := r.Header.Get("X-Amz-Target")
	service, name, ok := strings.Cut(target, ".")
	if !ok || service != s.Target {
		return "", c.absent("this sandbox has no " + strconv.Quote(target))
	}
	return name, nil
}

func (jsonCodec) decode(s *Service, _ string, r *request, in any) error {
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	decoder := typedDecoder
	if s.LowerCase {
		decoder = lowerDecoder
	}
	return decoder.assign(reflect.ValueOf(in).Elem(), jsonTree(v), "")
}

func jsonTree(v any) *node {
	switch v := v.(type) {
	case nil:
		return &node{kind: nullNode}
	case []any:
		n := &node{kind: listNode}
		for _, item := range v {
			n.items = append(n.items, jsonTree(item))
		}
		return n
	case map[string]any:
		n := newObject()
		for name, item := range v {
			n.put(name, jsonTree(item))
		}
		return n
	}
	return scalar(v)
}

func (jsonCodec) malformed(err error) *Error { return Errorf("SerializationException", "%v", err) }

func (jsonCodec) absent(message string) *Error {
	return Errorf("UnknownOperationException", "%s", message)
}

func (c jsonCodec) encode(s *Service, _ string, out any, _ string) *reply {
	names := plain
	if s.LowerCase {
		names = lowered
	}
	return c.document(200, jsonValue(messageTree(out, names)))
}

func (c jsonCodec) refuse(s *Service, e *Error, _ string) *reply {
	shape := errorShape(s, e.Code)
	// The models write the member's name in either case.
	r := c.document(e.Status, map[string]any{"__type": shape, "message": e.Message, "Message": e.Message})
	r.header.Set("X-Amzn-Errortype", shape)
	setQueryError(r, s, e)
	return r
}

func (c jsonCodec) document(status int, v any) *reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // jsonValue makes nothing that JSON cannot write
	}
	return newReply(status, c.contentType, body)
}

// jsonValue is a tree as encoding/json wants it.
func jsonValue(n *node) any {
	switch n.kind {
	case scalarNode:
		return jsonScalar(n.value)
	case listNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = jsonValue(item)
		}
		return list
	case objectNode, mapNode:
		object := make(map[string]any, len(n.items))
		for i, item := range n.items {
			object[n.names[i]] = jsonValue(item)
		}
		return object
	}
	return nil
}

func jsonScalar(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return formatFloat(v)
		}
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return json.Number(strconv.FormatFloat(float64(v.UnixMilli())/1e3, 'f', -1, 64))
	}
	return v
}
