package proxy

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Text is what a header, host or path is compared with: one of the patterns, or one of the regular expressions.
type Text struct {
	Patterns []string
	Regexps  []*regexp.Regexp
}

func (t Text) match(s string, fold bool) bool {
	return slices.ContainsFunc(t.Patterns, func(p string) bool { return wildcard(p, s, fold) }) ||
		slices.ContainsFunc(t.Regexps, func(re *regexp.Regexp) bool { return re.MatchString(s) })
}

// PathPattern compares the path, with regard to case.
func PathPattern(t Text) Condition {
	return func(r *http.Request) bool { return t.match(r.URL.Path, false) }
}

// HostHeader compares the host name, without its port.
func HostHeader(t Text) Condition {
	return func(r *http.Request) bool { return t.match(hostname(r.Host), true) }
}

// HTTPHeader compares the values of a header until one matches.
func HTTPHeader(name string, t Text) Condition {
	return func(r *http.Request) bool {
		return slices.ContainsFunc(r.Header.Values(name), func(v string) bool { return t.match(v, true) })
	}
}

// Method compares the method, to the letter.
func Method(methods []string) Condition {
	return func(r *http.Request) bool { return slices.Contains(methods, r.Method) }
}

// SourceIP asks for an address of the client in one of the networks.
func SourceIP(networks []netip.Prefix) Condition {
	return func(r *http.Request) bool {
		addr := clientAddr(r)
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
	}
}

// QueryPair is a parameter of a query. With an empty key, the value of any parameter will do.
type QueryPair struct{ Key, Value string }

// QueryString asks for one of the pairs.
func QueryString(pairs []QueryPair) Condition {
	return func(r *http.Request) bool {
		for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
			key, value, _ := strings.Cut(part, "=")
			if slices.ContainsFunc(pairs, func(p QueryPair) bool { return p.match(unescape(key), unescape(value)) }) {
				return true
			}
		}
		return false
	}
}

func (p QueryPair) match(key, value string) bool {
	return (p.Key == "" || wildcard(p.Key, key, true)) && wildcard(p.Value, value, true)
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

// clientAddr is the address of whoever connected; the zero Addr when that is no IP address.
func clientAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
