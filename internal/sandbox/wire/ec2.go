package wire

import (
	"bytes"
	"errors"
	"reflect"
)

// ec2Codec is EC2's own variety of the query protocol: lists are numbered without a "member", and both requests and
// replies have names of their own (see ec2names.go).
type ec2Codec struct{}

var ec2Decoder = &decoder{
	names:    ec2RequestNames,
	strict:   true, // EC2 refuses parameters that it does not know
	elements: func(n *node, _ string) ([]*node, error) { return numberedElements(n) },
	entries: func(*node) ([]string, []*node, error) {
		return nil, nil, misfit("requests of EC2 have no maps")
	},
}

func (ec2Codec) operation(s *Service, r *request) (string, *Error) { return formAction(s, r) }

func (ec2Codec) decode(_ *Service, _ string, r *request, in any) error {
	return decodeForm(ec2Decoder, r, in)
}

func (ec2Codec) malformed(err error) *Error {
	var e *decodeError
	switch {
	case !errors.As(err, &e):
		return Errorf("MalformedQueryString", "%v", err)
	case e.unknown:
		return Errorf("UnknownParameter", "The parameter %s is not recognized", e.path)
	}
	return Errorf("InvalidParameterValue", "The value of parameter %s is invalid: %s", e.path, e.why)
}

func (ec2Codec) absent(message string) *Error { return Errorf("InvalidAction", "%s", message) }

func (ec2Codec) encode(s *Service, operation string, out any, requestID string) *reply {
	tree := replyTree(out, ec2ResponseNames)
	if len(ec2ResponseNames.structure(reflect.TypeOf(out).Elem()).members) == 0 {
		tree.put("return", scalar(true)) // how EC2 says that it did what has no result
	}
	var b bytes.Buffer
	b.WriteString(xmlHeader + "<" + operation + `Response xmlns="` + s.Namespace + `">` + xmlElement("requestId", requestID))
	writeContent(&b, tree)
	b.WriteString("</" + operation + "Response>")
	return newReply(200, "text/xml;charset=UTF-8", b.Bytes())
}

func (ec2Codec) refuse(_ *Service, e *Error, requestID string) *reply {
	return newReply(e.Status, "text/xml;charset=UTF-8", []byte(xmlHeader+
		"<Response><Errors><Error>"+xmlElement("Code", e.Code)+xmlElement("Message", e.Message)+
		"</Error></Errors>"+xmlElement("RequestID", requestID)+"</Response>"))
}
