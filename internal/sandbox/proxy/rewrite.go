package proxy

import (
	"net/http"
	"net/url"
	"regexp"

	"bluegreen/internal/pattern"
)

var group = pattern.Lazy(`\$(\d)`)

// template turns AWS's $1 into Go's ${1}, which ends where it seems to end.
func template(replace string) string { return group().ReplaceAllString(replace, "$${$1}") }

// RewriteURL replaces in the path and query of a request. What is no URL any more stays as it was.
func RewriteURL(re *regexp.Regexp, replace string) Rewrite {
	replace = template(replace)
	return func(r *http.Request) {
		u, err := url.ParseRequestURI(re.ReplaceAllString(r.URL.RequestURI(), replace))
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
	}
}

// RewriteHost replaces in the Host header.
func RewriteHost(re *regexp.Regexp, replace string) Rewrite {
	replace = template(replace)
	return func(r *http.Request) { r.Host = re.ReplaceAllString(r.Host, replace) }
}
