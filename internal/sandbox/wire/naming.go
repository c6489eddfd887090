package wire

import (
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// member is a field of an SDK type as a protocol sees it.
type member struct {
	index int
	name  string // on the wire
	item  string // of a list: what its elements are called, where the protocol names them
}

// structure is the members of an SDK type.
type structure struct {
	members []member
	byName  map[string]member
}

// naming is what a protocol calls the fields of the SDK's types, in one direction.
type naming struct {
	of    func(owner reflect.Type, f reflect.StructField) (name, item string)
	cache sync.Map // reflect.Type → *structure
}

// structure is the fields of a struct that are part of a message.
func (n *naming) structure(t reflect.Type) *structure {
	if known, ok := n.cache.Load(t); ok {
		return known.(*structure)
	}
	s := &structure{byName: map[string]member{}}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		name, item := n.of(t, f)
		m := member{index: i, name: name, item: item}
		s.members = append(s.members, m)
		s.byName[name] = m
	}
	n.cache.Store(t, s)
	return s
}

// plain calls every member what the SDK calls it, and the elements of a list "member".
var plain = &naming{of: func(_ reflect.Type, f reflect.StructField) (string, string) { return f.Name, "member" }}

// lowered is plain with the first letter in lower case, but for tags: ECR, too, writes Key and Value.
var lowered = &naming{of: func(owner reflect.Type, f reflect.StructField) (string, string) {
	if owner.Name() == "Tag" {
		return f.Name, "member"
	}
	return lowerFirst(f.Name), "member"
}}

// qualified is how the tables of exceptions name a field.
func qualified(owner reflect.Type, f reflect.StructField) string { return owner.Name() + "." + f.Name }

// singular is the name of one element of a list, as the APIs make it from the name of the list.
func singular(s string) string {
	for _, rule := range [...]struct{ plural, singular string }{
		{"ies", "y"}, {"sses", "ss"}, {"xes", "x"}, {"s", ""},
	} {
		if stem, ok := strings.CutSuffix(s, rule.plural); ok {
			return stem + rule.singular
		}
	}
	return s
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[size:]
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// isList says whether a field of this type is a list on the wire.
func isList(t reflect.Type) bool { return t.Kind() == reflect.Slice && t != bytesType }
