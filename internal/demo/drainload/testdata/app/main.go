// Command app is an app that dies at once when it is told to end, with all that it was doing. Nothing is lost only if
// nobody needs it any more by then.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// The instance's metadata service. What is asked of it stands in the account's log of calls: it is told there that the app
// is to end.
const metadata = "http://169.254.169.254/latest/"

func main() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	instance := identify()
	http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, instance) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		span, err := time.ParseDuration(r.FormValue("for"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		<-time.After(span)
		fmt.Fprintln(w, instance)
	})
	go func() { log.Fatal(http.ListenAndServe(":8000", nil)) }()
	<-told
	if _, err := ask(http.MethodGet, "app-told-to-end/"+instance, nil); err != nil {
		log.Print(err)
	}
}

// identify waits until the metadata service says on which instance this is.
func identify() string {
	for {
		token, err := ask(http.MethodPut, "api/token", http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"60"}})
		if err == nil {
			id, err := ask(http.MethodGet, "meta-data/instance-id", http.Header{"X-Aws-Ec2-Metadata-Token": {token}})
			if err == nil {
				return id
			}
		}
		log.Print(err)
		<-time.After(200 * time.Millisecond)
	}
}

var client = http.Client{Timeout: 5 * time.Second}

func ask(method, path string, header http.Header) (string, error) {
	r, err := http.NewRequest(method, metadata+path, nil)
	if err != nil {
		return "", err
	}
	if header != nil {
		r.Header = header
	}
	reply, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, path, reply.Status)
	}
	return string(body), err
}
