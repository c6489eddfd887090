package metricmath

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Expression is a parsed expression.
type Expression struct {
	root node
	refs []string
}

// Refs are the ids that an expression mentions, once each.
func (e *Expression) Refs() []string { return e.refs }

// Eval computes an expression.
func (e *Expression) Eval(env *Env) (Value, error) { return e.root.eval(env) }

// Parse reads an expression.
func Parse(expression string) (*Expression, error) {
	tokens, err := lex(expression)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, fmt.Errorf("unexpected %q", p.peek())
	}
	return &Expression{root, p.refs}, nil
}

type parser struct {
	tokens []string
	refs   []string
}

// peek is the next token, "" at the end.
func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) expect(token string) error {
	switch t := p.next(); t {
	case token:
		return nil
	case "":
		return fmt.Errorf("%q is missing at the end", token)
	default:
		return fmt.Errorf("unexpected %q where %q should be", t, token)
	}
}

// precedence lists the binary operators, the loosest first.
var precedence = [][]string{
	{"||", "OR"}, {"&&", "AND"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/"},
}

// binary reads operators of a level and all tighter ones.
func (p *parser) binary(level int) (node, error) {
	if level == len(precedence) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil && slices.Contains(precedence[level], p.peek()) {
		op := p.next()
		var right node
		right, err = p.binary(level + 1)
		left = binary{op, left, right}
	}
	return left, err
}

func (p *parser) unary() (node, error) {
	if p.peek() == "-" {
		p.next()
		operand, err := p.unary()
		return binary{"-", number(0), operand}, err
	}
	base, err := p.primary()
	if err != nil || p.peek() != "^" {
		return base, err
	}
	p.next()
	exponent, err := p.unary()
	return binary{"^", base, exponent}, err
}

func (p *parser) primary() (node, error) {
	switch t := p.next(); {
	case t == "":
		return nil, errors.New("it ends too early")
	case t == "(":
		inner, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case t == "[":
		items, err := p.list("]")
		return array(items), err
	case t[0] >= '0' && t[0] <= '9' || t[0] == '.':
		x, err := strconv.ParseFloat(t, 64)
		return number(x), err
	case t[0] >= 'a' && t[0] <= 'z':
		if !slices.Contains(p.refs, t) {
			p.refs = append(p.refs, t)
		}
		return ref(t), nil
	case t[0] >= 'A' && t[0] <= 'Z':
		return p.call(t)
	default:
		return nil, fmt.Errorf("unexpected %q", t)
	}
}

// call reads what follows a word in capitals: a function's arguments, or nothing after a keyword of FILL.
func (p *parser) call(name string) (node, error) {
	if name == repeat || name == linear {
		return keyword(name), nil
	}
	fn, known := functions[name]
	if !known {
		return nil, fmt.Errorf("%s is not supported here: supported are + - * / ^, comparisons, AND, OR, %s", name, functionNames())
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	args, err := p.list(")")
	if err != nil {
		return nil, err
	}
	if len(args) < fn.least || len(args) > fn.most {
		return nil, fmt.Errorf("%s does not take %d arguments", name, len(args))
	}
	return call{name, fn, args}, nil
}

// list reads expressions between commas up to a closing token.
func (p *parser) list(closing string) ([]node, error) {
	var items []node
	for {
		item, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if p.peek() != "," {
			return items, p.expect(closing)
		}
		p.next()
	}
}
