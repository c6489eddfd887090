// Command agent stands in for the agent: it says who it is, what it was told, and when it was asked to end.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const metadata = "http://169.254.169.254/latest/"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/identity", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, read("meta-data/instance-id")) })
	http.HandleFunc("/tag", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, read("meta-data/tags/instance/bluegreen:color"))
	})
	http.HandleFunc("/endpoint", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, text(http.NewRequest("GET", os.Getenv("AWS_ENDPOINT_URL")+"/_sandbox/faults", nil)))
	})
	http.HandleFunc("/settings", func(w http.ResponseWriter, _ *http.Request) {
		files, _ := filepath.Glob("/etc/bluegreen/agent.d/*.toml")
		for _, name := range files {
			content, err := os.ReadFile(name)
			fmt.Fprintln(w, filepath.Base(name), strings.TrimSpace(string(content)), err)
		}
	})
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "begun, ")
		w.(http.Flusher).Flush()
		<-time.After(2 * time.Second)
		fmt.Fprint(w, "done")
	})
	server := &http.Server{Addr: ":9180"}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		read("meta-data/ami-launch-index") // which the test looks for
		server.Shutdown(context.Background())
	}()
	fmt.Println(server.ListenAndServe())
	<-ended
}

// read reads the instance's metadata.
func read(path string) string {
	ask, err := http.NewRequest("PUT", metadata+"api/token", nil)
	if err != nil {
		return err.Error()
	}
	ask.Header.Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
	get, err := http.NewRequest("GET", metadata+path, nil)
	if err != nil {
		return err.Error()
	}
	get.Header.Set("X-Aws-Ec2-Metadata-Token", text(ask, nil))
	return text(get, nil)
}

// client gives up: an answer that the hop limit stops never comes.
var client = http.Client{Timeout: 5 * time.Second}

func text(r *http.Request, err error) string {
	if err != nil {
		return err.Error()
	}
	reply, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	return fmt.Sprint(string(body), errorText(err))
}

func errorText(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}
