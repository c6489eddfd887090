// Package policy is what amibake, and the instances that it makes AMIs on, have to be allowed in an account: as little as a
// configuration needs. The documents show the same policies for an example, which a test compares.
package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Policy is one of IAM.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows something.
type Statement struct {
	Effect    string
	Action    []string
	Resource  Strings
	Condition map[string]map[string]Strings `json:",omitempty"`
}

// Strings are one or several, as IAM writes them: one stands without brackets.
type Strings []string

// MarshalJSON implements json.Marshaler.
func (s Strings) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(s[0])
	}
	return json.Marshal([]string(s))
}

// Join is one policy of several.
func Join(policies ...Policy) Policy {
	all := Policy{Version: version}
	for _, p := range policies {
		all.Statement = append(all.Statement, p.Statement...)
	}
	return all
}

// MaxSize is how many characters a managed policy may have, blanks not counted.
const MaxSize = 6144

// JSON is the policy as IAM takes it, and its size as IAM counts it.
func (p Policy) JSON() (text []byte, size int, err error) {
	compact, err := json.Marshal(p)
	if err != nil {
		return nil, 0, fmt.Errorf("write the policy: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, 0, fmt.Errorf("write the policy: %w", err)
	}
	return out.Bytes(), len(compact), nil
}

const version = "2012-10-17"

// policy leaves out what is not needed.
func policy(statements ...Statement) Policy {
	return Policy{Version: version, Statement: slices.DeleteFunc(statements, func(s Statement) bool { return len(s.Resource) == 0 })}
}

// conditions are tests by operator, key and value, all of which have to hold.
type conditions map[string]map[string]Strings

// allow is a statement. Without resources it is none.
func allow(actions []string, resources Strings, when conditions) Statement {
	return Statement{Effect: "Allow", Action: actions, Resource: resources, Condition: when}
}

func equal(key string, values ...string) conditions {
	return conditions{"StringEquals": {key: values}}
}

var everything = Strings{"*"}

// need is resources if something is so, and none if it is not.
func need(is bool, resources ...string) Strings {
	if !is {
		return nil
	}
	return resources
}
