package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// writeXML prints a tree as an element. Lists wrap their elements; the entries of a map are as query services write them.
func writeXML(b *bytes.Buffer, name string, n *node) {
	b.WriteString("<" + name + ">")
	writeContent(b, n)
	b.WriteString("</" + name + ">")
}

func writeContent(b *bytes.Buffer, n *node) {
	switch n.kind {
	case scalarNode:
		writeText(b, formatText(n.value))
	case listNode:
		for _, item := range n.items {
			writeXML(b, n.item, item)
		}
	case objectNode:
		for i, item := range n.items {
			writeXML(b, n.names[i], item)
		}
	case mapNode:
		for i, item := range n.items {
			b.WriteString("<entry>")
			writeXML(b, "key", scalar(n.names[i]))
			writeXML(b, "value", item)
			b.WriteString("</entry>")
		}
	}
}

func writeText(b *bytes.Buffer, s string) {
	_ = xml.EscapeText(b, []byte(s)) // a buffer takes everything
}

// xmlElement is a whole element of text, for the frames around messages.
func xmlElement(name, content string) string {
	var b bytes.Buffer
	writeXML(&b, name, scalar(content))
	return b.String()
}

// maxXMLDepth is far beyond any message of the APIs.
const maxXMLDepth = 64

// parseXML reads one document into a tree of text: the name of its root, and the root. An element with neither elements
// nor text is blank.
func parseXML(body []byte) (string, *node, error) {
	type open struct {
		name    string
		node    *node
		content strings.Builder
	}
	var stack []*open
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return "", nil, errors.New("no document")
		case err != nil:
			return "", nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(stack) == maxXMLDepth {
				return "", nil, fmt.Errorf("more than %d elements deep", maxXMLDepth)
			}
			stack = append(stack, &open{name: token.Name.Local, node: newObject()})
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].content.Write(token)
			}
		case xml.EndElement:
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if len(top.node.items) == 0 {
				top.node = scalar(text(top.content.String()))
			}
			if len(stack) == 0 {
				return top.name, top.node, nil
			}
			stack[len(stack)-1].node.add(top.name, top.node)
		}
	}
}

// xmlElements are the children of a list's element.
func xmlElements(n *node, item string) ([]*node, error) {
	if n.kind == scalarNode {
		if strings.TrimSpace(string(n.value.(text))) == "" {
			return nil, nil
		}
		return nil, misfit("text where a list was expected")
	}
	for _, name := range n.names {
		if name != item {
			return nil, &decodeError{path: name, unknown: true, why: "not an element of this list, which are called " + item}
		}
	}
	return n.items, nil
}
