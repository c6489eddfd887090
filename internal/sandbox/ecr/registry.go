package ecr

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

// Registry is where images are pushed to and pulled from, whatever name it is reached by. Those who use it are not the
// account's business: its handler takes the account's lock itself.
func (s *Service) Registry() wire.Beside {
	return wire.Beside{
		Name:      "registry",
		Operation: func(r *http.Request) string { return parse(r).operation },
		Refuse:    refuse,
		Throttled: wire.Error{Code: "TOOMANYREQUESTS", Message: "Rate exceeded", Status: http.StatusTooManyRequests},
		Handler:   http.HandlerFunc(s.serve),
	}
}

// request is what a client of the registry asks for.
type request struct {
	*http.Request
	operation  string
	repository string
	reference  string // a tag or a digest; "" where it is about none
}

// The requests that a registry knows, with the operations of clients that want them. The first that fits is it.
var requests = []struct {
	form       pattern.Func
	operations map[string]string // by method
}{
	{pattern.Lazy(`^/v2/?$`), map[string]string{"GET": "Ping", "HEAD": "Ping"}},
	{pattern.Lazy(`^/v2/(.+)/manifests/([^/]+)$`), map[string]string{"GET": "GetManifest", "HEAD": "HeadManifest", "PUT": "PutManifest"}},
	{pattern.Lazy(`^/v2/(.+)/blobs/uploads/?([^/]*)$`), map[string]string{"POST": "StartUpload", "PATCH": "UploadBlob", "PUT": "FinishUpload"}},
	{pattern.Lazy(`^/v2/(.+)/blobs/([^/]+)$`), map[string]string{"GET": "GetBlob", "HEAD": "HeadBlob"}},
	{pattern.Lazy(`^/v2/(.+)/tags/(list)$`), map[string]string{"GET": "ListTags"}},
}

func parse(r *http.Request) request {
	for _, known := range requests {
		if found := known.form().FindStringSubmatch(r.URL.Path); found != nil {
			asked := request{Request: r, operation: known.operations[r.Method]}
			if len(found) == 3 {
				asked.repository, asked.reference = found[1], found[2]
			}
			return asked
		}
	}
	return request{Request: r}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if !s.authorized(w, r) {
		return
	}
	asked := parse(r)
	if asked.operation == "" {
		refuse(w, &wire.Error{Code: "UNSUPPORTED", Message: "The operation is unsupported.", Status: http.StatusMethodNotAllowed})
		return
	}
	if asked.operation == "Ping" {
		w.WriteHeader(http.StatusOK)
		return
	}
	if !s.exists(asked.repository) {
		refuse(w, outward(unknownRepository(asked.repository, s.acct.ID)))
		return
	}
	switch asked.operation {
	case "GetManifest", "HeadManifest":
		s.getManifest(w, asked)
	case "PutManifest":
		s.putManifest(w, asked)
	case "ListTags":
		s.listTags(w, asked)
	default:
		s.serveLayer(w, asked)
	}
}

func (s *Service) exists(repository string) bool {
	s.acct.Lock()
	defer s.acct.Unlock()
	return s.repositories[repository] != nil
}

// authorized checks the token. Who shows none is told how to: clients turn that into "no basic auth credentials".
func (s *Service) authorized(w http.ResponseWriter, r *http.Request) bool {
	user, password, given := r.BasicAuth()
	if !given {
		w.Header().Set("Www-Authenticate", `Basic realm="https://`+s.Host()+`/",service="ecr.amazonaws.com"`)
		http.Error(w, "Not Authorized", http.StatusUnauthorized)
		return false
	}
	s.acct.Lock()
	worth := s.tokens.check(password)
	s.acct.Unlock()
	switch {
	case user != User || worth == forged:
		refuse(w, &wire.Error{Code: "DENIED", Message: "Your Authorization Token is invalid.", Status: http.StatusBadRequest})
	case worth == expired:
		refuse(w, &wire.Error{
			Code: "DENIED", Message: "Your authorization token has expired. Reauthenticate and try again.", Status: http.StatusForbidden,
		})
	default:
		return true
	}
	return false
}

// refuse writes an error as registries do.
func refuse(w http.ResponseWriter, e *wire.Error) {
	type fault struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string][]fault{"errors": {{e.Code, e.Message}}})
	if err != nil {
		panic(err) // strings can always be written
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.Status)
	_, _ = w.Write(body) // a client that has gone needs no reply
}

// outward turns an error of the API into what the registry says for it.
func outward(e *wire.Error) *wire.Error {
	said := map[string]wire.Error{
		"RepositoryNotFoundException":       {Code: "NAME_UNKNOWN", Status: http.StatusNotFound},
		"ImageAlreadyExistsException":       {Code: "TAG_INVALID", Status: http.StatusBadRequest},
		"ImageTagAlreadyExistsException":    {Code: "TAG_INVALID", Status: http.StatusBadRequest},
		"LayersNotFoundException":           {Code: "BLOB_UNKNOWN", Status: http.StatusNotFound},
		"ReferencedImagesNotFoundException": {Code: "MANIFEST_BLOB_UNKNOWN", Status: http.StatusNotFound},
	}
	out, ok := said[e.Code]
	if !ok {
		out = wire.Error{Code: "MANIFEST_INVALID", Status: http.StatusBadRequest}
	}
	out.Message = e.Message
	return &out
}

// serveLayer moves a blob in or out.
func (s *Service) serveLayer(w http.ResponseWriter, asked request) {
	r := inRepository(asked.Request, asked.repository)
	// A client that goes on where it was cut wants all from there; the handler wants to be told where that ends.
	if from, open := strings.CutSuffix(r.Header.Get("Range"), "-"); open {
		if size, ok := s.layers.size(asked.repository, asked.reference); ok {
			r = r.Clone(r.Context())
			r.Header.Set("Range", from+"-"+strconv.FormatInt(size-1, 10))
		}
	}
	s.uploads.ServeHTTP(w, r)
}
