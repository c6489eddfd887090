// Package probe asks an application over HTTP whether it is well: at each address of a load balancer by itself, under the
// name that clients will use, whatever DNS says about that name now.
//
// A probe is a measurement. Each sample is one request on a connection of its own, and what comes of it is what is
// reported: there are no retries below (which is why this is no place for go-retryablehttp: one request in twenty that is
// lost would look like none), no redirects are followed and no connection is used again. Whoever wants to see a failure
// twice before believing it takes another sample.
package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Target says what to ask, of whom, and what answer is good.
type Target struct {
	Scheme string   // "http" or "https"; "http" when empty
	Addrs  []string // what to connect to: IP addresses or names, without a port, e.g. all nodes of a load balancer
	Port   int      // 80 or 443 when zero
	Host   string   // the Host header, and the name that the certificate must be for
	Method string   // "GET" when empty
	Path   string   // with its query; "/" when empty

	ExpectStatus string // e.g. "200" or "200-299,301"; "200" when empty
	ExpectBody   string // a part of the body or, between slashes, a regular expression; anything goes when empty

	Timeout  time.Duration // of one request, from the dial to the last byte; 5 s when zero
	CAFile   string        // PEM certificates to trust in place of the system's
	Insecure bool          // do not verify the certificate
}

// URL is what is asked for, as a client would write it.
func (t *Target) URL() string {
	host := t.Host
	if t.Port != 0 && t.Port != standardPort(t.Scheme) {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(t.Port))
	}
	return t.Scheme + "://" + host + t.Path
}

func standardPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// withDefaults fills in what is empty.
func (t Target) withDefaults() Target {
	if t.Scheme == "" {
		t.Scheme = "http"
	}
	if t.Port == 0 {
		t.Port = standardPort(t.Scheme)
	}
	if t.Method == "" {
		t.Method = "GET"
	}
	if t.Path == "" {
		t.Path = "/"
	}
	if t.ExpectStatus == "" {
		t.ExpectStatus = "200"
	}
	if t.Timeout == 0 {
		t.Timeout = 5 * time.Second
	}
	return t
}

// check finds everything that is wrong with a target that has its defaults.
func (t *Target) check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(t.Scheme != "http" && t.Scheme != "https", "scheme: %q is neither http nor https", t.Scheme)
	fault(len(t.Addrs) == 0, "addresses: none given")
	for _, addr := range t.Addrs {
		fault(addr == "" || strings.ContainsAny(addr, "/ "), "addresses: %q is not an IP address or a name", addr)
	}
	fault(t.Port < 1 || t.Port > 65535, "port: %d is not a port", t.Port)
	fault(t.Host == "", "host: missing")
	fault(strings.ContainsAny(t.Host, "/ \r\n"), "host: %q is not a host name", t.Host)
	fault(!strings.HasPrefix(t.Path, "/"), "path: %q does not begin with a slash", t.Path)
	fault(t.Timeout < 0, "timeout: %v is negative", t.Timeout)
	fault(t.Method == "HEAD" && t.ExpectBody != "", "expected body: the answer to HEAD has none")
	fault(t.Scheme == "http" && (t.CAFile != "" || t.Insecure), "CA file, insecure: these go with https")
	fault(t.CAFile != "" && t.Insecure, "CA file, insecure: there is nothing to trust if nothing is verified")
	_, err := http.NewRequest(t.Method, "http://host"+t.Path, nil)
	fault(err != nil, "method and path: %v", err)
	return errors.Join(faults...)
}

// bodyMatcher is a test of a body, nil if any will do.
func bodyMatcher(expect string) (func([]byte) bool, error) {
	if expect == "" {
		return nil, nil
	}
	if len(expect) > 2 && strings.HasPrefix(expect, "/") && strings.HasSuffix(expect, "/") {
		form, err := regexp.Compile(expect[1 : len(expect)-1])
		if err != nil {
			return nil, fmt.Errorf("expected body: %w", err)
		}
		return form.Match, nil
	}
	return func(body []byte) bool { return strings.Contains(string(body), expect) }, nil
}

func (t *Target) tlsConfig() (*tls.Config, error) {
	name := t.Host
	if host, _, err := net.SplitHostPort(t.Host); err == nil {
		name = host
	}
	config := &tls.Config{ServerName: name, InsecureSkipVerify: t.Insecure} //nolint:gosec // asked for by the user
	if t.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file: %s holds no certificate in PEM", t.CAFile)
	}
	return config, nil
}
