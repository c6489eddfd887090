package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBody is more than any of the APIs accept, before and after decompression.
const maxBody = 8 << 20

// readRequest reads the body of a request.
func readRequest(r *http.Request) (*request, error) {
	body, err := readLimited(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gunzip(body); err != nil {
			return nil, err
		}
	}
	return &request{Request: r, body: body}, nil
}

func readLimited(from io.Reader) ([]byte, error) {
	if from == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, Errorf("RequestEntityTooLarge", "the body is larger than %d bytes", maxBody).
			WithStatus(http.StatusRequestEntityTooLarge)
	}
	return body, nil
}

func gunzip(body []byte) ([]byte, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = readLimited(unzip)
	}
	var e *Error
	if err != nil && !errors.As(err, &e) {
		return nil, Errorf("MalformedInput", "the body is not gzip: %v", err)
	}
	return body, err
}

// scope is the region and the service in the credential scope of a signature.
func scope(r *http.Request) (region, service string, e *Error) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		_, after, ok := strings.Cut(authorization, "Credential=")
		if !ok {
			return "", "", Errorf("IncompleteSignature", "Authorization header requires 'Credential' parameter.")
		}
		credential, _, _ = strings.Cut(after, ",")
	}
	if credential == "" {
		return "", "", Errorf("MissingAuthenticationToken", "Request is missing Authentication Token").
			WithStatus(http.StatusForbidden)
	}
	// KEY/20260131/eu-west-1/route53/aws4_request; a key may hold slashes.
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) < 5 || parts[len(parts)-1] != "aws4_request" {
		return "", "", Errorf("IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, got %q.", credential)
	}
	return parts[len(parts)-3], parts[len(parts)-2], nil
}

type regionKey struct{}

// Region is the region that the request of an operation was signed for, as the operation's context has it; "" elsewhere.
func Region(ctx context.Context) string {
	region, _ := ctx.Value(regionKey{}).(string)
	return region
}

// findService is the service that a request is for, and the protocol that it speaks. With an error comes a protocol to
// say it in.
func (f *Front) findService(r *request) (*endpoint, codec, *Error) {
	fallback := guessCodec(r.Request)
	_, name, e := scope(r.Request)
	if e != nil {
		return nil, fallback, e
	}
	candidates := f.services[name]
	if len(candidates) == 0 {
		return nil, fallback, fallback.absent(fmt.Sprintf("this sandbox does not have the service %q", name))
	}
	service := candidates[0]
	if len(candidates) > 1 {
		if form, err := r.form(); err == nil {
			for _, candidate := range candidates {
				if candidate.Version == form.Get("Version") {
					service = candidate
				}
			}
		}
	}
	if c := codecFor(&service.Service, r); c != nil {
		return service, c, nil
	}
	return service, fallback, fallback.absent(fmt.Sprintf("this sandbox does not speak this protocol for %q", name))
}

// findOperation is the operation that a request asks for.
func (e *endpoint) findOperation(c codec, r *request) (Operation, *Error) {
	name, failed := c.operation(&e.Service, r)
	if failed != nil {
		return Operation{Name: name}, failed
	}
	op, ok := e.operations[name]
	if !ok {
		return Operation{Name: name}, c.absent(fmt.Sprintf("this sandbox does not have the operation %s of %s", name, e.SigningName))
	}
	return op, nil
}
