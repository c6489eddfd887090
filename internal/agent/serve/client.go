package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// ErrNoAgent says that nobody listens where the agent should.
var ErrNoAgent = errors.New("the agent does not run")

// maxStatus is how much of an answer is read.
const maxStatus = 1 << 20

// Ask reads the status of the agent whose admin address this is ("127.0.0.1:9181"). Proxies of the environment are not used.
func Ask(ctx context.Context, addr string) (Status, error) {
	s, err := ask(ctx, addr)
	if errors.Is(err, syscall.ECONNREFUSED) {
		err = ErrNoAgent
	}
	if err != nil {
		return Status{}, fmt.Errorf("ask the agent at %s for its status: %w", addr, err)
	}
	return s, nil
}

func ask(ctx context.Context, addr string) (s Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/status", nil)
	if err != nil {
		return s, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(request)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return s, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil {
		return s, err
	}
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("status %d: is that the admin address?", resp.StatusCode)
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("not the status of an agent: %w", err)
	}
	return s, nil
}
