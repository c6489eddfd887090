package imds

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/pattern"
)

const (
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	tokenPath   = "api/token"
	maxTTL      = 21600 // seconds
)

// view is the service of one instance as seen from somewhere.
type view struct {
	service *Service
	id      string
	hops    int
}

// answer is a reply, to be written when the account is not locked any more.
type answer struct {
	status      int
	contentType string
	body        string
	ttl         int  // of a token, in seconds
	lost        bool // it does not get to the one who asked
	cut         bool // there is nobody to answer
}

func ok(body string) answer {
	return answer{status: http.StatusOK, contentType: "text/plain", body: body}
}

func (v *view) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.service.Account.Lock()
	a := v.answer(r)
	v.service.Account.Unlock()
	switch {
	case a.lost:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case a.cut:
		panic(http.ErrAbortHandler)
	case a.status != http.StatusOK:
		refuse(w, a.status)
		return
	}
	if a.ttl > 0 {
		w.Header().Set(ttlHeader, strconv.Itoa(a.ttl))
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(a.body)) // a client that has gone needs no reply
	}
}

// refuse writes an error page.
func refuse(w http.ResponseWriter, status int) {
	page := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head><title>%d - %s</title></head><body><h1>%[1]d - %[2]s</h1></body></html>\n",
		status, http.StatusText(status))
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page)) // a client that has gone needs no reply
}

// versionForm are the versions of the metadata, of which all have everything here.
var versionForm = pattern.Lazy(`^(latest|1\.0|\d{4}-\d\d-\d\d)$`)

// split takes the version off a path; ok is false where there is none.
func split(path string) (rest string, ok bool) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return rest, versionForm().MatchString(version)
}

// operation is what faults and the log call a request: what it reads, without names that only this instance has.
func operation(r *http.Request) string {
	rest, _ := split(r.URL.Path)
	rest = strings.TrimPrefix(strings.Trim(rest, "/"), "meta-data/")
	for _, folder := range []string{"iam/security-credentials", "tags/instance", "network/interfaces/macs"} {
		if strings.HasPrefix(rest, folder+"/") {
			return folder
		}
	}
	return rest
}

func (v *view) answer(r *http.Request) answer {
	i, exists := v.service.Instance(v.id)
	switch {
	case !exists || !i.On:
		return answer{cut: true}
	case !i.Endpoint:
		return answer{status: http.StatusForbidden}
	}
	rest, versioned := split(r.URL.Path)
	if versioned && rest == tokenPath {
		return v.token(i, r)
	}
	if status := v.admit(i, r); status != http.StatusOK {
		return answer{status: status}
	}
	switch {
	case r.URL.Path == "/":
		return ok("1.0\nlatest")
	case !versioned:
		return answer{status: http.StatusNotFound}
	}
	return v.read(i, rest)
}

// token gives a token that is good for as long as the client asks.
func (v *view) token(i Instance, r *http.Request) answer {
	ttl, err := strconv.Atoi(r.Header.Get(ttlHeader))
	switch {
	case r.Method != http.MethodPut:
		return answer{status: http.StatusMethodNotAllowed}
	case r.Header.Get("X-Forwarded-For") != "":
		return answer{status: http.StatusForbidden}
	case err != nil || ttl < 1 || ttl > maxTTL:
		return answer{status: http.StatusBadRequest}
	case v.hops >= i.HopLimit:
		return answer{lost: true}
	}
	tokens, now := v.service.state(v.id).tokens, time.Now()
	for token, end := range tokens {
		if !now.Before(end) {
			delete(tokens, token)
		}
	}
	token := "AQAEA" + v.service.Account.Hex(50) + "=="
	// The client counts these seconds itself, so that they pass no faster here than there.
	tokens[token] = now.Add(time.Duration(ttl) * time.Second)
	a := ok(token)
	a.ttl = ttl
	return a
}

// admit says whether a client may read: with a token that is good, or with none where the instance allows that.
func (v *view) admit(i Instance, r *http.Request) (status int) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return http.StatusMethodNotAllowed
	}
	token := r.Header.Get(tokenHeader)
	if token == "" {
		if i.TokensRequired {
			return http.StatusUnauthorized
		}
		return http.StatusOK
	}
	if end, given := v.service.state(v.id).tokens[token]; !given || !time.Now().Before(end) {
		return http.StatusUnauthorized
	}
	return http.StatusOK
}

func (v *view) read(i Instance, path string) answer {
	if path == "user-data" {
		if i.UserData == "" {
			return answer{status: http.StatusNotFound}
		}
		return answer{status: http.StatusOK, contentType: "application/octet-stream", body: i.UserData}
	}
	tree := map[string]string{"dynamic/instance-identity/document": i.identity(v.service.Account.ID, v.service.Account.Region)}
	if i.UserData != "" {
		tree["user-data"] = ""
	}
	for name, value := range v.service.metadata(i) {
		tree["meta-data/"+name] = value
	}
	text, found := find(tree, path)
	if !found {
		return answer{status: http.StatusNotFound}
	}
	return ok(text)
}
