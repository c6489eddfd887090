// Command testapp is the server that tests run in containers: see dockertest.App for what it can be told to do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 3 && os.Args[1] == "check" {
		os.Exit(check(os.Args[2]))
	}
	a := &app{started: time.Now(), slow: duration("APP_SLOW")}
	a.behave()
	server := &http.Server{Addr: ":" + env("APP_PORT", "8080"), Handler: a.routes()}
	signals := make(chan os.Signal, 8) // before it serves, so that who sees it serve can rely on them
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT)
	ended := make(chan struct{})
	go func() {
		obey(signals, server)
		close(ended)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-ended
}

// check is for a HEALTHCHECK: the image has no curl.
func check(url string) int {
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		log.Print(err)
		return 1
	}
	if err = resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		log.Print(resp.Status, err)
		return 1
	}
	return 0
}

type app struct {
	started time.Time
	slow    time.Duration
	forced  atomic.Int32 // the status that /health was told to have; zero when it was not
	hoard   [][]byte
}

// behave does what the environment says that happens by itself.
func (a *app) behave() {
	if line := os.Getenv("APP_SAY"); line != "" {
		fmt.Println(line)
	}
	if n, err := strconv.Atoi(os.Getenv("APP_SAY_BYTES")); err == nil {
		fmt.Println(strings.Repeat("x", n))
	}
	if n, err := strconv.Atoi(os.Getenv("APP_HOG")); err == nil {
		a.hog(n)
	}
	if after := duration("APP_CRASH_AFTER"); after > 0 {
		code, err := strconv.Atoi(env("APP_EXIT_CODE", "1"))
		if err != nil {
			log.Fatal(err)
		}
		time.AfterFunc(after, func() { os.Exit(code) })
	}
}

// obey ends the server on a signal that says so.
func obey(signals <-chan os.Signal, server *http.Server) {
	for s := range signals {
		fmt.Println("got", s)
		if s == syscall.SIGHUP || s == syscall.SIGUSR1 || os.Getenv("APP_IGNORE_TERM") != "" {
			continue
		}
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		<-time.After(duration("APP_STOP_DELAY"))
		return
	}
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", a.health)
	mux.HandleFunc("GET /ready", a.health)
	mux.HandleFunc("POST /healthy", func(http.ResponseWriter, *http.Request) { a.forced.Store(http.StatusOK) })
	mux.HandleFunc("POST /unhealthy", func(http.ResponseWriter, *http.Request) { a.forced.Store(http.StatusServiceUnavailable) })
	mux.HandleFunc("POST /crash", func(_ http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(r.FormValue("code"))
		if err != nil {
			code = 1
		}
		os.Exit(code)
	})
	mux.HandleFunc("POST /hog", func(_ http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("bytes"))
		if err != nil {
			log.Print(err)
		}
		a.hog(n)
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		pause, err := time.ParseDuration(r.FormValue("for"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		<-time.After(pause)
		fmt.Fprintln(w, "done")
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { read(w, "/proc/self/status") })
	mux.HandleFunc("GET /read", func(w http.ResponseWriter, r *http.Request) { read(w, r.FormValue("path")) })
	mux.HandleFunc("GET /write", func(w http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile(r.FormValue("path"), []byte("written\n"), 0o600); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /mkdir", func(w http.ResponseWriter, r *http.Request) {
		if err := os.Mkdir(r.FormValue("path"), 0o700); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /", a.describe)
	return mux
}

func (a *app) health(w http.ResponseWriter, _ *http.Request) {
	age, status := time.Since(a.started), http.StatusOK
	if after := duration("APP_UNHEALTHY_AFTER"); age < duration("APP_HEALTHY_AFTER") || after > 0 && age >= after {
		status = http.StatusServiceUnavailable
	}
	if forced := a.forced.Load(); forced != 0 {
		status = int(forced)
	}
	w.WriteHeader(status)
	fmt.Fprintln(w, http.StatusText(status))
}

func (a *app) describe(w http.ResponseWriter, _ *http.Request) {
	<-time.After(a.slow)
	var names []string
	for _, assignment := range os.Environ() {
		name, _, _ := strings.Cut(assignment, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	host, err := os.Hostname()
	if err != nil {
		log.Print(err)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"version": os.Getenv("APP_VERSION"), "uid": os.Getuid(), "gid": os.Getgid(), "pid": os.Getpid(),
		"hostname": host, "env": names,
	})
}

// hog takes memory, and touches it so that it counts.
func (a *app) hog(n int) {
	block := make([]byte, n)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	a.hoard = append(a.hoard, block)
}

func read(w http.ResponseWriter, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text)
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func duration(name string) time.Duration {
	v := os.Getenv(name)
	if v == "" {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return d
}
