package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Redirect sends the client elsewhere. Each part may hold #{protocol}, #{host}, #{port}, #{path} and #{query}.
type Redirect struct {
	Status                            int // 301 or 302
	Protocol, Host, Port, Path, Query string
}

func (d *Redirect) location(l *Listener, r *http.Request) string {
	fill := strings.NewReplacer(
		"#{protocol}", l.scheme(),
		"#{host}", hostname(r.Host),
		"#{port}", strconv.Itoa(l.Port),
		"#{path}", strings.TrimPrefix(r.URL.EscapedPath(), "/"),
		"#{query}", r.URL.RawQuery,
	)
	protocol := strings.ToLower(fill.Replace(d.Protocol))
	location := fmt.Sprintf("%s://%s:%s%s", protocol, fill.Replace(d.Host), fill.Replace(d.Port), fill.Replace(d.Path))
	if query := fill.Replace(d.Query); query != "" {
		location += "?" + query
	}
	return location
}

func (d *Redirect) serve(w http.ResponseWriter, l *Listener, r *http.Request) {
	w.Header().Set("Location", d.location(l, r))
	page(w, d.Status)
}

// Fixed is an answer that needs no target.
type Fixed struct {
	Status      int
	ContentType string
	Body        string
}

func (f *Fixed) serve(w http.ResponseWriter) {
	w.Header().Set("Server", serverHeader)
	if f.ContentType != "" {
		w.Header().Set("Content-Type", f.ContentType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(f.Body)))
	w.WriteHeader(f.Status)
	io.WriteString(w, f.Body) //nolint:errcheck // a client that has gone away misses it
}

// serverHeader is how a load balancer signs answers of its own.
const serverHeader = "awselb/2.0"

// StatusClientClosed is counted when a client closes its connection before it has its answer. Nobody gets to read it.
const StatusClientClosed = 460

// page answers with the load balancer's own page for a status.
func page(w http.ResponseWriter, status int) {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	body := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n</body>\r\n</html>\r\n"
	(&Fixed{Status: status, ContentType: "text/html", Body: body}).serve(w)
}
