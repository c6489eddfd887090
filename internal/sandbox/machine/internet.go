package machine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegreen/internal/pattern"
)

// internet is what an instance reaches of the world: an HTTP proxy, told to its apt, that leads to mirrors of Debian and to
// the package sources that this machine has, and nowhere else. It stands in for the way out that a subnet has on AWS, and
// works where the engine sets up none.
type internet struct {
	ctx     context.Context // ends what is under way
	hosts   []string        // "deb.debian.org", "example.com:8080"
	options []string        // of this machine's apt that an instance's needs, too
	proxy   *httputil.ReverseProxy
}

// The mirrors that an instance's own sources name.
var debianMirrors = []string{"deb.debian.org", "security.debian.org"}

// reachable finds out what this machine's apt is told, where it has one.
func reachable(ctx context.Context) *internet {
	n := &internet{ctx: ctx, hosts: append(sources("/etc/apt"), debianMirrors...)}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: time.Minute, MaxIdleConnsPerHost: 4, DisableCompression: true}
	out, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err == nil {
		for line := range strings.Lines(string(out)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), ";"), " ")
			value = strings.Trim(value, `"`)
			switch name {
			case "Acquire::http::Proxy":
				if via, err := url.Parse(value); err == nil && via.Host != "" {
					transport.Proxy = http.ProxyURL(via)
				}
			case "Acquire::Check-Valid-Until", "Acquire::Check-Date":
				n.options = append(n.options, fmt.Sprintf("%s %q;\n", name, value))
			}
		}
	}
	n.proxy = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(*httputil.ProxyRequest) {}, // a request to a proxy says itself where it is to go
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	return n
}

// address finds those of mirrors in both forms of apt's lists.
var address = pattern.Lazy(`\bhttps?://([A-Za-z0-9.-]+(?::[0-9]+)?)/`)

// sources are the hosts in the lists of apt below a folder.
func sources(folder string) (hosts []string) {
	lists := []string{filepath.Join(folder, "sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, _ := filepath.Glob(filepath.Join(folder, "sources.list.d", pattern)) // the patterns are well formed
		lists = append(lists, more...)
	}
	for _, name := range lists {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, found := range address().FindAllStringSubmatch(line, -1) {
				hosts = append(hosts, found[1])
			}
		}
	}
	return hosts
}

// aptConfig tells an instance's apt where the proxy is.
func (n *internet) aptConfig(proxy string) string {
	return fmt.Sprintf("Acquire::http::Proxy \"http://%[1]s\";\nAcquire::https::Proxy \"http://%[1]s\";\n%[2]s", proxy, strings.Join(n.options, ""))
}

func (n *internet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.URL.Host
	if r.Method == http.MethodConnect {
		host = strings.TrimSuffix(r.Host, ":443")
	}
	if !slices.Contains(n.hosts, strings.TrimSuffix(host, ":80")) {
		http.Error(w, "an instance of the sandbox reaches package sources only, and this is none: "+r.Host, http.StatusForbidden)
		return
	}
	if r.Method == http.MethodConnect {
		n.tunnel(w, r)
		return
	}
	n.proxy.ServeHTTP(w, r)
}

// tunnel carries a connection with TLS.
func (n *internet) tunnel(w http.ResponseWriter, r *http.Request) {
	dialer := net.Dialer{Timeout: time.Minute}
	far, err := dialer.DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = far.Close() }()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = near.Close() }()
	defer context.AfterFunc(n.ctx, func() { reset(near); reset(far) })()
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { copyFrom(far, buffered.Reader) })
	both.Go(func() { pour(near, far) })
	both.Wait()
}

// copyFrom is pour for what may have been read already.
func copyFrom(to net.Conn, from *bufio.Reader) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite() // of a connection that is gone
	}
}
