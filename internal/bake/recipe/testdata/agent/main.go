// Command agent stands in for the agent where scripts that deal with it are tested. It knows the image that its settings name,
// says that it has pulled it, and that all is well. On the side, it is the metadata service.
package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const started = "/run/stand-in-started"

func main() {
	verb := ""
	if len(os.Args) > 1 {
		verb = os.Args[1]
	}
	switch verb {
	case "check", "pull":
		image := image()
		if image == "" {
			fmt.Fprintln(os.Stderr, "no image is configured")
			os.Exit(1)
		}
		if verb == "pull" {
			name, digest, _ := strings.Cut(image, "@")
			fmt.Println(name, digest)
		}
	case "version":
		fmt.Println("0")
	case "status":
		info, err := os.Stat(started)
		if err != nil {
			os.Exit(1)
		}
		_, digest, _ := strings.Cut(image(), "@")
		fmt.Printf(`{"phase":"serving","since":%q,"image":{"configured":%q,"digest":%q}}`+"\n",
			info.ModTime().UTC().Format(time.RFC3339Nano), image(), digest)
	default:
		serve()
	}
}

// image is what the last settings say.
func image() (found string) {
	files, _ := filepath.Glob("/etc/bluegreen/agent.d/*.toml")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if match := regexp.MustCompile(`(?m)^image = "(.*)"$`).FindSubmatch(text); match != nil {
			found = string(match[1])
		}
	}
	return found
}

func serve() {
	http.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") })
	http.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a-token") })
	http.HandleFunc("GET /latest/meta-data/instance-id", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-aws-ec2-metadata-token") != "a-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "i-0123456789abcdef0")
	})
	if err := os.WriteFile(started, nil, 0o600); err != nil {
		panic(err)
	}
	go func() { panic(http.ListenAndServe("127.0.0.1:80", nil)) }()
	panic(http.ListenAndServe(":9180", nil))
}
