package bluegreen_test

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"bluegreen/internal/resolve"
	"bluegreen/internal/sandbox/stack"
)

// client is one of the app's clients. It resolves a name before each request, or keeps to the address that it knows.
type client struct {
	w      *world
	name   string        // what it asks for
	lookup string        // what it resolves: name, or a load balancer that it will not leave
	every  time.Duration // between two requests
	http   *http.Client

	mu       sync.Mutex
	requests int
	failed   int
}

// browse lets a client loose until the world ends.
func (w *world) browse(ctx context.Context, lookup string, every time.Duration) *client {
	c := &client{w: w, name: w.made.Spec.Names[0], lookup: lookup, every: every}
	c.http = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: w.sb.Fabric.DialContext, DisableKeepAlives: true}}
	w.left.Go(func() {
		for sleep(ctx, c.every) {
			c.ask(ctx)
		}
	})
	return c
}

// ask sends one request.
func (c *client) ask(ctx context.Context) {
	names := resolve.Client{Resolver: c.w.sb.Resolver(), Dial: c.w.sb.Fabric.DialContext}
	answer, err := names.Lookup(ctx, c.lookup, "A")
	ok := err == nil && len(answer.Values) > 0 && c.get(ctx, answer.Values[0])
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() == nil {
		c.requests++
		if !ok {
			c.failed++
		}
	}
}

func (c *client) get(ctx context.Context, addr string) bool {
	url := "http://" + net.JoinHostPort(addr, strconv.Itoa(stack.HTTPPort)) + "/"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	request.Host = c.name
	response, err := c.http.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode < http.StatusInternalServerError
}

// counts are its requests so far, and how many of them failed.
func (c *client) counts() (requests, failed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests, c.failed
}
