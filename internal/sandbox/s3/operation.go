package s3

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bluegreen/internal/sandbox/wire"
)

// What a request is about.
const (
	whole = iota
	bucket
	object
)

// form tells an operation by what it is about, its method, and the word in the query that makes it another than the plain
// one.
type form struct {
	about  int
	method string
	word   string
}

// operations are what is known here. A word that is not here would be passed over by the library, which would then do
// something else.
var operations = map[form]string{
	{whole, "GET", ""}: "ListBuckets",

	{bucket, "PUT", ""}:        "CreateBucket",
	{bucket, "HEAD", ""}:       "HeadBucket",
	{bucket, "DELETE", ""}:     "DeleteBucket",
	{bucket, "GET", ""}:        "ListObjects",
	{bucket, "POST", "delete"}: "DeleteObjects",

	{object, "PUT", ""}:    "PutObject",
	{object, "GET", ""}:    "GetObject",
	{object, "HEAD", ""}:   "HeadObject",
	{object, "DELETE", ""}: "DeleteObject",

	{object, "POST", "uploads"}:    "CreateMultipartUpload",
	{object, "PUT", "uploadId"}:    "UploadPart",
	{object, "POST", "uploadId"}:   "CompleteMultipartUpload",
	{object, "DELETE", "uploadId"}: "AbortMultipartUpload",
	{object, "GET", "uploadId"}:    "ListParts",
}

// plain are the parameters that change no operation into another.
var plain = []string{
	"x-id", "list-type", "prefix", "delimiter", "max-keys", "marker", "start-after", "continuation-token", "encoding-type",
	"fetch-owner", "partNumber", "part-number-marker", "max-parts",
}

// operation names what a request asks for, as the SDK does; it is empty when that is not known here.
func operation(r *http.Request) string {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	asked := form{about: whole, method: r.Method}
	switch {
	case key != "":
		asked.about = object
	case name != "":
		asked.about = bucket
	}
	query := r.URL.Query()
	for word := range query {
		if slices.Contains(plain, word) || strings.HasPrefix(word, "X-Amz-") || strings.HasPrefix(word, "response-") {
			continue
		}
		if asked.word != "" {
			return "" // there is no operation of two words
		}
		asked.word = word
	}
	found := operations[asked]
	switch {
	case found == "ListObjects" && query.Get("list-type") == "2":
		return "ListObjectsV2"
	case found == "PutObject" && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	}
	return found
}

// refuse says an error as S3 does.
func refuse(w http.ResponseWriter, e *wire.Error) {
	type fault struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}
	body, err := xml.Marshal(fault{Code: e.Code, Message: e.Message})
	if err != nil {
		panic(err) // strings can always be written
	}
	body = append([]byte(xml.Header), body...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.Status)
	_, _ = w.Write(body) // a client that has gone needs no reply
}
