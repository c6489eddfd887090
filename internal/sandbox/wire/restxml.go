package wire

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"strings"
)

// restXMLCodec is the REST-XML protocol as Route 53 speaks it: which operation is meant is in the method and the path, and
// scalars of a request are in the path and the query.
type restXMLCodec struct{}

// restXMLItems are the elements of lists that are not called by the list's singular.
var restXMLItems = map[string]string{
	"ChangeTagsForResourceInput.AddTags":       "Tag",
	"ChangeTagsForResourceInput.RemoveTagKeys": "Key",
	"TestDNSAnswerOutput.RecordData":           "RecordDataEntry",
}

var restXMLNames = &naming{of: func(owner reflect.Type, f reflect.StructField) (string, string) {
	if item, ok := restXMLItems[qualified(owner, f)]; ok {
		return f.Name, item
	}
	return f.Name, singular(f.Name)
}}

var restXMLDecoder = &decoder{
	names:    restXMLNames,
	strict:   true, // Route 53 checks requests against a schema
	elements: xmlElements,
	entries: func(*node) ([]string, []*node, error) {
		return nil, nil, misfit("requests of Route 53 have no maps")
	},
}

func (c restXMLCodec) operation(s *Service, r *request) (string, *Error) {
	for name, route := range routes {
		if _, ok := route.match(s.Version, r.Request); ok {
			return name, nil
		}
	}
	return "", c.absent(fmt.Sprintf("this sandbox has no %s %s", r.Method, r.URL.Path))
}

func (restXMLCodec) decode(s *Service, operation string, r *request, in any) error {
	tree := newObject()
	if len(bytes.TrimSpace(r.body)) > 0 {
		root, body, err := parseXML(r.body)
		switch {
		case err != nil:
			return err
		case root != operation+"Request":
			return misfit("the document is a %s, not a %sRequest", root, operation)
		case body.kind == objectNode:
			for i, name := range body.names {
				tree.put(name, body.items[i])
			}
		}
	}
	route := routes[operation]
	labels, _ := route.match(s.Version, r.Request)
	for field, value := range labels {
		tree.put(field, scalar(text(value)))
	}
	query := r.URL.Query()
	for field, name := range route.query {
		if query.Has(name) {
			tree.put(field, scalar(text(bareID(field, query.Get(name)))))
		}
	}
	return restXMLDecoder.assign(reflect.ValueOf(in).Elem(), tree, "")
}

func (restXMLCodec) malformed(err error) *Error {
	return Errorf("MalformedInput", "The request could not be read: %v", err)
}

func (restXMLCodec) absent(message string) *Error { return Errorf("InvalidAction", "%s", message) }

func (restXMLCodec) encode(s *Service, operation string, out any, _ string) *reply {
	tree := replyTree(out, restXMLNames)
	var b bytes.Buffer
	b.WriteString(xmlHeader + "<" + operation + `Response xmlns="` + s.Namespace + `">`)
	header := http.Header{"Content-Type": {"text/xml"}}
	for i, name := range tree.names {
		if name == locationHeader {
			header.Set(name, formatText(tree.items[i].value))
			continue
		}
		writeXML(&b, name, tree.items[i])
	}
	b.WriteString("</" + operation + "Response>")
	return &reply{status: routes[operation].status, header: header, body: b.Bytes()}
}

// locationHeader is the one member of an output that is not in the document.
const locationHeader = "Location"

func (restXMLCodec) refuse(s *Service, e *Error, requestID string) *reply {
	var details bytes.Buffer
	message := *e
	if len(e.Messages) > 0 {
		// What is wrong with a batch of changes stands in the message, in brackets, and again in a list of its own.
		if e.Message == "" {
			message.Message = "[" + strings.Join(e.Messages, ", ") + "]"
		}
		list := &node{kind: listNode, item: "Message"}
		for _, m := range e.Messages {
			list.items = append(list.items, scalar(m))
		}
		writeXML(&details, "Messages", list)
	}
	return newReply(e.Status, "text/xml",
		append([]byte(xmlHeader), errorResponse(s.Namespace, &message, details.String(), requestID)...))
}
