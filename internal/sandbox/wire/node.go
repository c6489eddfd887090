package wire

// A message is parsed into a tree before it is given a Go type, and turned into a tree before it is printed. The trees of
// all protocols look alike, so that reflection is written once (assign, extract) and a codec is a parser, a printer and
// the names that its protocol gives to members.

type kind int

const (
	nullNode kind = iota
	scalarNode
	listNode
	objectNode
	mapNode // an object whose member names are data
)

// node is one value of a message.
type node struct {
	kind  kind
	value any      // of a scalar: text, or a Go value as the protocol has it
	names []string // of an object's members, beside items
	items []*node
	item  string // what XML calls the elements of this list

	index map[string]int
}

// text is a scalar of a protocol that writes all scalars as text.
type text string

func scalar(v any) *node { return &node{kind: scalarNode, value: v} }

func newObject() *node { return &node{kind: objectNode, index: map[string]int{}} }

// put sets a member.
func (n *node) put(name string, value *node) {
	if i, ok := n.index[name]; ok {
		n.items[i] = value
		return
	}
	n.index[name] = len(n.items)
	n.add(name, value)
}

// add appends a member; unlike put it allows several of one name, as XML does.
func (n *node) add(name string, value *node) {
	n.names = append(n.names, name)
	n.items = append(n.items, value)
}

// get is the member of that name that was put, or nil.
func (n *node) get(name string) *node {
	if i, ok := n.index[name]; ok {
		return n.items[i]
	}
	return nil
}

// blank says that a node is the empty text: how text protocols write an empty list or structure.
func (n *node) blank() bool { return n.kind == scalarNode && n.value == text("") }
