package route53

import (
	"fmt"
	"slices"
	"strings"
)

// Domain names are kept as Route 53 lists them: lower case, fully qualified, every byte but a-z, 0-9, - and _ as an octal
// escape. The wildcard of example.com is `\052.example.com.`. The Domain Name System's own text form escapes in decimal.

const wildcard = `\052`

// problem is what is wrong with a name or a value, in Route 53's words.
type problem struct{ code, text, value string }

func (p *problem) Error() string {
	return fmt.Sprintf("FATAL problem: %s (%s) encountered with '%s'", p.code, p.text, p.value)
}

// parseName reads a name as a client of the API writes it.
func parseName(s string) (string, error) {
	labels, ok := splitLabels(s, 8)
	switch {
	case s == "" || s == ".":
		return "", &problem{"DomainNameEmpty", "Domain name is empty", s}
	case !ok:
		return "", &problem{"UnsupportedCharacter", "Value contains unsupported characters", s}
	}
	size := 1
	for _, l := range labels {
		if l == "" {
			return "", &problem{"DomainLabelEmpty", "Domain label is empty", s}
		}
		if len(l) > 63 {
			return "", &problem{"DomainLabelTooLong", "Domain label is too long", s}
		}
		size += 1 + len(l)
	}
	if size > 255 {
		return "", &problem{"DomainNameTooLong", "Domain name is too long", s}
	}
	return joinLabels(labels, `\%03o`), nil
}

// nameFromDNS reads a name as it stands in a DNS message.
func nameFromDNS(s string) string {
	labels, _ := splitLabels(s, 10)
	return joinLabels(labels, `\%03o`)
}

// nameToDNS writes a name for a DNS message.
func nameToDNS(name string) string {
	labels, _ := splitLabels(name, 8)
	return joinLabels(labels, `\%03d`)
}

// splitLabels undoes the escapes, whose three digits are octal (Route 53) or decimal (DNS).
func splitLabels(s string, base int) (labels []string, ok bool) {
	s = strings.TrimSuffix(s, ".")
	if s == "" {
		return nil, true
	}
	var label []byte
	ok = true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			labels, label = append(labels, string(label)), nil
		case c == '\\':
			if b, escaped := escapedByte(s[i+1:], base); escaped {
				label = append(label, b)
				i += 3
			} else if base == 10 && i+1 < len(s) {
				i++
				label = append(label, s[i])
			} else {
				ok = false
			}
		case base == 8 && (c <= ' ' || c > '~'):
			ok = false
		default:
			label = append(label, c)
		}
	}
	return append(labels, string(label)), ok
}

func escapedByte(digits string, base int) (byte, bool) {
	if len(digits) < 3 {
		return 0, false
	}
	n := 0
	for _, d := range []byte(digits[:3]) {
		if d < '0' || int(d-'0') >= base {
			return 0, false
		}
		n = n*base + int(d-'0')
	}
	return byte(n), n < 256
}

func joinLabels(labels []string, escape string) string {
	var b strings.Builder
	for _, l := range labels {
		for _, c := range []byte(l) {
			switch {
			case 'A' <= c && c <= 'Z':
				b.WriteByte(c - 'A' + 'a')
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
				b.WriteByte(c)
			default:
				fmt.Fprintf(&b, escape, c)
			}
		}
		b.WriteByte('.')
	}
	if b.Len() == 0 {
		return "."
	}
	return b.String()
}

// nameOrder is the key that Route 53 sorts names by: the labels reversed, "com.example.www.".
func nameOrder(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// within says whether name is zone or below it.
func within(name, zone string) bool {
	return name == zone || zone == "." || strings.HasSuffix(name, "."+zone)
}

// parentOf is the name without its first label.
func parentOf(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	if rest == "" {
		return "."
	}
	return rest
}
