package wire

import (
	"bytes"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// queryCodec is the AWS query protocol: a form in, XML out.
type queryCodec struct{}

// queryRenames are the members whose name is not the SDK's, with what their list elements are called.
var queryRenames = map[string]struct{ name, item string }{
	"CpuPerformanceFactorRequest.References": {"Reference", "item"},
}

var queryNames = &naming{of: func(owner reflect.Type, f reflect.StructField) (string, string) {
	if r, ok := queryRenames[qualified(owner, f)]; ok {
		return r.name, r.item
	}
	return f.Name, "member"
}}

var queryDecoder = &decoder{names: queryNames, elements: queryElements, entries: queryEntries}

func (queryCodec) operation(s *Service, r *request) (string, *Error) { return formAction(s, r) }

// formAction is the action that a form asks for, in the version of the API that the service has.
func formAction(s *Service, r *request) (string, *Error) {
	form, err := r.form()
	if err != nil {
		return "", Errorf("MalformedQueryString", "The query string is malformed: %v", err)
	}
	action, version := form.Get("Action"), form.Get("Version")
	if action == "" {
		return "", Errorf("MissingAction", "Could not find an action in the request.")
	}
	if version != s.Version {
		return "", Errorf("InvalidAction", "Could not find operation %s for version %s", action, version)
	}
	return action, nil
}

func (queryCodec) decode(_ *Service, _ string, r *request, in any) error {
	return decodeForm(queryDecoder, r, in)
}

func decodeForm(d *decoder, r *request, in any) error {
	form, err := r.form()
	if err != nil {
		return err
	}
	tree, err := formTree(form)
	if err != nil {
		return err
	}
	return d.assign(reflect.ValueOf(in).Elem(), tree, "")
}

func (queryCodec) malformed(err error) *Error { return Errorf("MalformedInput", "%v", err) }

func (queryCodec) absent(message string) *Error { return Errorf("InvalidAction", "%s", message) }

func (queryCodec) encode(s *Service, operation string, out any, requestID string) *reply {
	var b bytes.Buffer
	b.WriteString("<" + operation + `Response xmlns="` + s.Namespace + `">`)
	writeXML(&b, operation+"Result", replyTree(out, queryNames))
	b.WriteString("<ResponseMetadata>" + xmlElement("RequestId", requestID) + "</ResponseMetadata>")
	b.WriteString("</" + operation + "Response>")
	return newReply(200, "text/xml", b.Bytes())
}

func (queryCodec) refuse(s *Service, e *Error, requestID string) *reply {
	return newReply(e.Status, "text/xml", errorResponse(s.Namespace, e, "", requestID))
}

// errorResponse is the error document of the query and rest-xml protocols.
func errorResponse(namespace string, e *Error, details, requestID string) []byte {
	return []byte(`<ErrorResponse xmlns="` + namespace + `"><Error>` +
		xmlElement("Type", e.fault()) + xmlElement("Code", e.Code) + xmlElement("Message", e.Message) + details +
		"</Error>" + xmlElement("RequestId", requestID) + "</ErrorResponse>")
}

// maxFormDepth is far beyond any parameter of the APIs.
const maxFormDepth = 40

// formParameters are those of the protocol itself.
var formParameters = []string{"Action", "Version"}

// formTree makes a tree of the parameters' dotted names.
func formTree(form url.Values) (*node, error) {
	names := make([]string, 0, len(form))
	for name := range form {
		if !slices.Contains(formParameters, name) && !strings.HasPrefix(name, "X-Amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	root := newObject()
	for _, name := range names {
		path := strings.Split(name, ".")
		if len(path) > maxFormDepth {
			return nil, misfit("a parameter of %d parts", len(path))
		}
		if err := plant(root, path, form.Get(name)); err != nil {
			return nil, within(err, name)
		}
	}
	return root, nil
}

func plant(at *node, path []string, value string) error {
	for _, part := range path[:len(path)-1] {
		next := at.get(part)
		if next == nil {
			next = newObject()
			at.put(part, next)
		}
		if next.kind != objectNode {
			return misfit("start of a structure or list where a value was expected")
		}
		at = next
	}
	last := path[len(path)-1]
	if at.get(last) != nil {
		return misfit("given twice")
	}
	at.put(last, scalar(text(value)))
	return nil
}

// queryElements reads List.member.1, List.member.2 and so on; "List=" alone is an empty list.
func queryElements(n *node, item string) ([]*node, error) {
	if n.blank() {
		return nil, nil
	}
	numbered := n.get(item)
	if numbered == nil || len(n.items) != 1 {
		return nil, misfit("not a list: its elements are called %s.1, %s.2 and so on", item, item)
	}
	return numberedElements(numbered)
}

var errIndex = errors.New("not a positive number")

// numberedElements are the members of an object whose names are numbers, in their order.
func numberedElements(n *node) ([]*node, error) {
	if n.blank() {
		return nil, nil
	}
	if n.kind != objectNode {
		return nil, misfit("a value where a list was expected")
	}
	order := make([]int, 0, len(n.names))
	byNumber := make(map[int]*node, len(n.names))
	for i, name := range n.names {
		number, err := strconv.Atoi(name)
		if err != nil || number < 0 || strconv.Itoa(number) != name {
			return nil, within(misfit("%v", errIndex), name)
		}
		order = append(order, number)
		byNumber[number] = n.items[i]
	}
	slices.Sort(order)
	items := make([]*node, len(order))
	for i, number := range order {
		items[i] = byNumber[number]
	}
	return items, nil
}

// queryEntries reads Map.entry.1.key and Map.entry.1.value.
func queryEntries(n *node) (keys []string, values []*node, err error) {
	if n.blank() {
		return nil, nil, nil
	}
	entries, err := queryElements(n, "entry")
	if err != nil {
		return nil, nil, err
	}
	for i, entry := range entries {
		key, value := entry.get("key"), entry.get("value")
		if key == nil || value == nil || key.kind != scalarNode {
			return nil, nil, within(misfit("an entry is a key and a value"), strconv.Itoa(i+1))
		}
		keys = append(keys, string(key.value.(text)))
		values = append(values, value)
	}
	return keys, values, nil
}
