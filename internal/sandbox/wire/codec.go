package wire

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// codec is one protocol. It looks at bytes only: nothing in it knows what an operation does.
type codec interface {
	// operation is the name of the operation that a request asks for.
	operation(s *Service, r *request) (string, *Error)
	// decode reads the request into in, a pointer to the operation's input.
	decode(s *Service, operation string, r *request, in any) error
	// malformed is the protocol's answer to a request that decode could not read.
	malformed(err error) *Error
	// absent is the protocol's answer to an operation that is not there.
	absent(message string) *Error
	// encode writes out, a pointer to the operation's output.
	encode(s *Service, operation string, out any, requestID string) *reply
	// refuse writes an error.
	refuse(s *Service, e *Error, requestID string) *reply
}

// request is an HTTP request whose body has been read.
type request struct {
	*http.Request
	body []byte
}

// form reads the parameters of a query request, from the body and from the URL.
func (r *request) form() (url.Values, error) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if len(r.body) == 0 {
		return form, nil
	}
	body, err := url.ParseQuery(string(r.body))
	for name, values := range body {
		form[name] = append(values, form[name]...)
	}
	return form, err
}

// reply is an HTTP response.
type reply struct {
	status int
	header http.Header
	body   []byte
	breaks Action // ActionCut or ActionStall, if it shall not arrive whole
}

func newReply(status int, contentType string, body []byte) *reply {
	return &reply{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

// messageTree is the tree of an input or output, which is an object even when it has no members.
func messageTree(message any, names *naming) *node {
	return extract(reflect.ValueOf(message).Elem(), names, "")
}

// replyTree is the tree of an output in XML. Its lists are there when they are empty, too: clients tell a list of nothing
// from none.
func replyTree(out any, names *naming) *node {
	v := reflect.ValueOf(out).Elem()
	tree := newObject()
	for _, m := range names.structure(v.Type()).members {
		child := extract(v.Field(m.index), names, m.item)
		if child == nil && isList(v.Field(m.index).Type()) {
			child = &node{kind: listNode, item: m.item}
		}
		if child != nil {
			tree.put(m.name, child)
		}
	}
	return tree
}

// failure is any error as clients may see it.
func failure(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		return Errorf("InternalFailure", "%v", err).WithStatus(http.StatusInternalServerError)
	}
	if e.Status != 0 {
		return e
	}
	copied := *e
	copied.Status = http.StatusBadRequest
	return &copied
}

// fault is whose fault an error is, in the words of the XML protocols.
func (e *Error) fault() string {
	if e.Status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// codecFor finds the protocol that a request to a service speaks, or nil.
func codecFor(s *Service, r *request) codec {
	speaks := func(p Protocol) bool {
		for _, known := range s.Protocols {
			if known == p {
				return true
			}
		}
		return false
	}
	contentType := r.Header.Get("Content-Type")
	switch {
	case r.Header.Get("Smithy-Protocol") != "":
		if speaks(CBOR) {
			return cborCodec{}
		}
	case r.Header.Get("X-Amz-Target") != "":
		if speaks(JSON) {
			return jsonCodecFor(contentType)
		}
	case speaks(RESTXML):
		return restXMLCodec{}
	case speaks(EC2Query):
		return ec2Codec{}
	case speaks(Query):
		return queryCodec{}
	}
	return nil
}

// guessCodec is a protocol in which to refuse a request that reached no service.
func guessCodec(r *http.Request) codec {
	switch {
	case r.Header.Get("Smithy-Protocol") != "":
		return cborCodec{}
	case r.Header.Get("X-Amz-Target") != "" || strings.Contains(r.Header.Get("Content-Type"), "json"):
		return jsonCodecFor(r.Header.Get("Content-Type"))
	}
	return queryCodec{}
}
