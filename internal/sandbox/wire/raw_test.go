package wire_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// raw is a request by hand. A service signs it; the form makes it a POST of a form.
type raw struct {
	service      string
	method, path string
	header       map[string]string
	body         string
}

func (r raw) send(h http.Handler) *httptest.ResponseRecorder {
	request := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	if r.service != "" {
		request.Header.Set("Authorization",
			"AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-1/"+r.service+"/aws4_request, SignedHeaders=host, Signature=0")
	}
	for name, value := range r.header {
		request.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request)
	return w
}

func form(service string, pairs ...string) raw {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return raw{
		service: service, method: "POST", path: "/", body: values.Encode(),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	}
}

func jsonCall(service, target, body string) raw {
	return raw{service: service, method: "POST", path: "/", body: body, header: map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target,
	}}
}

func cborCall(path, body string) raw {
	return raw{service: "monitoring", method: "POST", path: path, body: body, header: map[string]string{
		"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor",
	}}
}
