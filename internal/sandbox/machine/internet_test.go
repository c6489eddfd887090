package machine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSources(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"sources.list":                      "deb http://deb.debian.org/debian bookworm main\n# deb http://old.example.com/debian bookworm main\n",
		"sources.list.d/docker.list":        "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable\n",
		"sources.list.d/own.sources":        "Types: deb\n# http://snapshot.example.com/\nURIs: http://apt.example.com:8080/debian/ http://mirror.example.com/\nSuites: stable\n",
		"sources.list.d/not-for-apt.backup": "deb http://backup.example.com/debian bookworm main\n",
	} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"deb.debian.org", "download.docker.com", "apt.example.com:8080", "mirror.example.com"}
	if diff := cmp.Diff(want, sources(folder)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := sources(filepath.Join(folder, "none")); got != nil {
		t.Errorf("where there is no apt: %v", got)
	}
}

// TestInternet leads to the hosts in the list, by plain HTTP and by a tunnel, and nowhere else.
func TestInternet(t *testing.T) {
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s of %s", r.URL.Path, r.Host)
	}))
	defer mirror.Close()
	at := strings.TrimPrefix(mirror.URL, "http://")
	n := reachable(t.Context())
	n.hosts = []string{at}
	server := httptest.NewServer(n)
	defer server.Close()
	via, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(via), DisableKeepAlives: true}}
	for address, want := range map[string]string{
		mirror.URL + "/debian/":     "200 /debian/ of " + at,
		"http://127.0.0.1:1/":       "403 an instance of the sandbox reaches package sources only, and this is none: 127.0.0.1:1\n",
		"http://" + at + "0/":       "403 an instance of the sandbox reaches package sources only, and this is none: " + at + "0\n",
		server.URL + "/from/itself": "403 an instance of the sandbox reaches package sources only, and this is none: " + via.Host + "\n",
	} {
		reply, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(reply.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%d %s", reply.StatusCode, body); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	for to, want := range map[string]string{at: "200 OK", "127.0.0.1:1": "403 Forbidden"} {
		conn, err := net.Dial("tcp", via.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", to)
		from := bufio.NewReader(conn)
		reply, err := http.ReadResponse(from, &http.Request{Method: http.MethodConnect})
		if err != nil {
			t.Fatal(err)
		}
		if reply.StatusCode != http.StatusOK {
			if reply.Status != want {
				t.Errorf("a tunnel to %s: %s, want %s", to, reply.Status, want)
			}
			continue
		}
		fmt.Fprintf(conn, "GET /in/the/tunnel HTTP/1.0\r\nHost: mirror\r\n\r\n")
		if reply, err = http.ReadResponse(from, nil); err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(reply.Body); err != nil || string(body) != "/in/the/tunnel of mirror" {
			t.Errorf("through the tunnel came %q, %v", body, err)
		}
		if reply.Status != want {
			t.Errorf("a tunnel to %s: %s, want %s", to, reply.Status, want)
		}
	}
}
