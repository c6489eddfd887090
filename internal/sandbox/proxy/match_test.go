package proxy

import (
	"net/http/httptest"
	"net/netip"
	"regexp"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWildcard(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		fold, want bool
	}{
		{"", "", false, true},
		{"", "a", false, false},
		{"*", "", false, true},
		{"*", "anything/at all", false, true},
		{"/img/*", "/img/a/b.png", false, true},
		{"/img/*", "/img", false, false},
		{"/*/b/*c", "/a/b/b/xc", false, true},
		{"/*/b/*c", "/a/b/b/xd", false, false},
		{"a*b*c", "aXbYbZc", false, true},
		{"a*b*c", "aXcYb", false, false},
		{"??", "ab", false, true},
		{"??", "a", false, false},
		{"?", "é", false, true},
		{"*é", "aéé", false, true},
		{"/A", "/a", false, false},
		{"*.Example.COM", "app.example.com", true, true},
		{`\*`, "*", false, true},
		{`\*`, "a", false, false},
		{`a\?b*`, "a?bc", false, true},
		{`a\`, `a\`, false, true},
	} {
		if got := wildcard(c.pattern, c.s, c.fold); got != c.want {
			t.Errorf("wildcard(%q, %q, fold=%t) = %t", c.pattern, c.s, c.fold, got)
		}
	}
}

// FuzzWildcard holds the matcher against regular expressions.
func FuzzWildcard(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("**", "")
	f.Add("*a*a*", "aaaa")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		expr := `(?s)\A`
		for _, r := range pattern {
			switch r {
			case '*':
				expr += ".*"
			case '?':
				expr += "."
			case '\\', '\uFFFD':
				t.Skip("escapes and broken text have no simple counterpart")
			default:
				expr += regexp.QuoteMeta(string(r))
			}
		}
		if want := regexp.MustCompile(expr + `\z`).MatchString(s); wildcard(pattern, s, false) != want {
			t.Errorf("wildcard(%q, %q) = %t", pattern, s, !want)
		}
	})
}

func TestConditions(t *testing.T) {
	r := httptest.NewRequest("GET", "http://app.example:8080/img/a.png?Size=XL&flag&name=a%20b", nil)
	r.RemoteAddr = "10.1.2.3:4711"
	r.Header["X-Version"] = []string{"one", "Two"}
	text := func(patterns ...string) Text { return Text{Patterns: patterns} }
	expr := Text{Regexps: []*regexp.Regexp{regexp.MustCompile(`^/img/\w+\.png$`)}}
	for _, c := range []struct {
		name string
		test Condition
		want bool
	}{
		{"path", PathPattern(text("/x", "/img/*")), true},
		{"path has regard to case", PathPattern(text("/IMG/*")), false},
		{"path is not the query", PathPattern(text("*flag*")), false},
		{"path by regular expression", PathPattern(expr), true},
		{"host in any case, without port", HostHeader(text("APP.*")), true},
		{"other host", HostHeader(text("*.org")), false},
		{"second value of a header, in any case", HTTPHeader("x-version", text("tw?")), true},
		{"header that is not there", HTTPHeader("x-other", text("*")), false},
		{"method", Method([]string{"HEAD", "GET"}), true},
		{"method to the letter", Method([]string{"get"}), false},
		{"address", SourceIP([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")}), true},
		{"other address", SourceIP([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}), false},
		{"parameter", QueryString([]QueryPair{{"size", "x*"}}), true},
		{"parameter with another value", QueryString([]QueryPair{{"size", "s"}}), false},
		{"value of any parameter, decoded", QueryString([]QueryPair{{"", "A B"}}), true},
		{"value of no parameter", QueryString([]QueryPair{{"", "c"}}), false},
	} {
		if got := c.test(r); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestRedirectLocation(t *testing.T) {
	l := NewListener(8080, false, nil, Settings{})
	keep := Redirect{Status: 301, Protocol: "#{protocol}", Host: "#{host}", Port: "#{port}", Path: "/#{path}", Query: "#{query}"}
	with := func(change func(*Redirect)) Redirect { d := keep; change(&d); return d }
	for _, c := range []struct {
		name, url, want string
		redirect        Redirect
	}{
		{"nothing changes", "http://a.example:8080/x?y=z", "http://a.example:8080/x?y=z", keep},
		{"protocol and port", "http://a.example:8080/x", "https://a.example:443/x", with(func(d *Redirect) { d.Protocol, d.Port = "HTTPS", "443" })},
		{"parts of parts", "http://a.example/x/%2F", "http://www.a.example:8080/new/x/%2F?a=b&q=", with(func(d *Redirect) { d.Host, d.Path, d.Query = "www.#{host}", "/new/#{path}", "a=b&q=#{query}" })},
	} {
		if got := c.redirect.location(l, httptest.NewRequest("GET", c.url, nil)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestForwardedFor(t *testing.T) {
	l := NewListener(8443, true, nil, Settings{})
	r := httptest.NewRequest("GET", "http://a.example/", nil)
	r.RemoteAddr = "10.1.2.3:4711"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	for _, c := range []struct {
		settings Settings
		want     string
	}{
		{Settings{ForwardedFor: Append}, "203.0.113.9, 10.1.2.3"},
		{Settings{ForwardedFor: Append, ClientPort: true}, "203.0.113.9, 10.1.2.3:4711"},
		{Settings{ForwardedFor: Preserve}, "203.0.113.9"},
		{Settings{ForwardedFor: Remove}, ""},
	} {
		h := r.Header.Clone()
		forwardedHeaders(h, r, l, &c.settings)
		if got := h.Get("X-Forwarded-For"); got != c.want {
			t.Errorf("%+v: %q, want %q", c.settings, got, c.want)
		}
		if got := h.Get("X-Forwarded-Proto") + h.Get("X-Forwarded-Port"); got != "https8443" {
			t.Errorf("protocol and port: %s", got)
		}
	}
}

func TestRewrites(t *testing.T) {
	r := httptest.NewRequest("GET", "http://old.example/api/v1/users?id=1", nil)
	RewriteURL(regexp.MustCompile(`^/api/v(\d+)/(.*)$`), "/v$1x/$2&from=api")(r)
	RewriteHost(regexp.MustCompile(`^old\.`), "new.")(r)
	if got, want := r.Host+" "+r.URL.RequestURI(), "new.example /v1x/users?id=1&from=api"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	RewriteURL(regexp.MustCompile(`.*`), "no url")(r)
	if r.URL.Path != "/v1x/users" {
		t.Errorf("a rewrite to no URL left %s", r.URL.Path)
	}
}
