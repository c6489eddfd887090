package route53

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"
)

// parseValue turns a value, written as the API writes it, into what a name server sends. The owner and the TTL are left to
// the answer.
func parseValue(kind types.RRType, value string) (dns.RR, error) {
	header := dns.RR_Header{Name: ".", Rrtype: dns.StringToType[string(kind)], Class: dns.ClassINET}
	switch kind {
	case types.RRTypeA:
		ip, err := netip.ParseAddr(value)
		if err != nil || !ip.Is4() {
			return nil, &problem{"ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address", value}
		}
		return &dns.A{Hdr: header, A: ip.AsSlice()}, nil
	case types.RRTypeAaaa:
		ip, err := netip.ParseAddr(value)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return nil, &problem{"AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address", value}
		}
		return &dns.AAAA{Hdr: header, AAAA: ip.AsSlice()}, nil
	case types.RRTypeCname, types.RRTypeNs, types.RRTypePtr:
		return parseHost(header, value)
	case types.RRTypeTxt, types.RRTypeSpf:
		texts, err := parseStrings(value)
		if err != nil {
			return nil, err
		}
		if kind == types.RRTypeSpf {
			return &dns.SPF{Hdr: header, Txt: texts}, nil
		}
		return &dns.TXT{Hdr: header, Txt: texts}, nil
	default:
		return parseMasterFile(kind, value)
	}
}

func parseHost(header dns.RR_Header, value string) (dns.RR, error) {
	name, err := parseName(value)
	if err != nil {
		return nil, err
	}
	host := nameToDNS(name)
	switch header.Rrtype {
	case dns.TypeNS:
		return &dns.NS{Hdr: header, Ns: host}, nil
	case dns.TypePTR:
		return &dns.PTR{Hdr: header, Ptr: host}, nil
	}
	return &dns.CNAME{Hdr: header, Target: host}, nil
}

// parseMasterFile reads the types whose values look as they do in a zone's master file.
func parseMasterFile(kind types.RRType, value string) (dns.RR, error) {
	bad := &problem{"RRDATANotValid", fmt.Sprintf("Value is not valid for type %s", kind), value}
	if strings.ContainsAny(value, "\n\r") {
		return nil, bad
	}
	rr, err := dns.NewRR(fmt.Sprintf(". 0 IN %s %s", kind, value))
	if err != nil || rr == nil || rr.Header().Rrtype != dns.StringToType[string(kind)] {
		return nil, bad
	}
	return rr, nil
}

// maxString is what fits into one string of a TXT record.
const maxString = 255

// parseStrings reads the quoted strings of a TXT value ("one" "two"), with the API's octal escapes, into the escapes of the
// DNS library.
func parseStrings(value string) ([]string, error) {
	unquoted := &problem{"InvalidCharacterString", "Value should be enclosed in quotation marks", value}
	var texts []string
	rest := strings.TrimLeft(value, " \t")
	for rest != "" {
		if rest[0] != '"' {
			return nil, unquoted
		}
		text, size, tail, closed := quotedString(rest[1:])
		if !closed {
			return nil, unquoted
		}
		if size > maxString {
			return nil, &problem{"CharacterStringTooLong", "Value is too long", value}
		}
		texts = append(texts, text)
		rest = strings.TrimLeft(tail, " \t")
	}
	if texts == nil {
		return nil, unquoted
	}
	return texts, nil
}

func quotedString(s string) (text string, size int, tail string, closed bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"':
			return b.String(), size, s[i+1:], true
		case c == '\\':
			if escaped, ok := escapedByte(s[i+1:], 8); ok {
				c, i = escaped, i+3
			} else if i+1 < len(s) {
				i++
				c = s[i]
			}
		}
		size++
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\%03d`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return "", 0, "", false
}

// contents are the values in one spelling and one order, for comparing record sets.
func contents(data []dns.RR) []string {
	texts := make([]string, len(data))
	for i, rr := range data {
		texts[i] = content(rr)
	}
	slices.Sort(texts)
	return texts
}

// content is a resource record's value as text.
func content(rr dns.RR) string {
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}
