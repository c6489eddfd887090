package bake_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// reporting is EC2 with usage reports: one that was asked for by a token is the one that it was, also when that is gone.
type reporting struct {
	to      http.RoundTripper
	mu      sync.Mutex
	byToken map[string]string
	made    []string
	live    map[string]bool
}

func (e *reporting) RoundTrip(r *http.Request) (*http.Response, error) {
	var form url.Values
	if r.Body != nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if form, err = url.ParseQuery(string(body)); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := form.Get("ReportId")
	if id == "" {
		id = form.Get("ReportId.1")
	}
	action, body := form.Get("Action"), ""
	switch action {
	default:
		return e.to.RoundTrip(r)
	case "CreateImageUsageReport":
		if id = e.byToken[form.Get("ClientToken")]; id == "" {
			id = fmt.Sprintf("iur-%d", len(e.made))
			e.byToken[form.Get("ClientToken")], e.live[id], e.made = id, true, append(e.made, form.Get("ImageId"))
		}
		body = "<reportId>" + id + "</reportId>"
	case "DescribeImageUsageReports":
		if body = "<imageUsageReportSet><item><reportId>" + id + "</reportId><state>available</state></item></imageUsageReportSet>"; !e.live[id] {
			body = "<imageUsageReportSet/>"
		}
	case "DescribeImageUsageReportEntries":
		body = "<imageUsageReportEntrySet/>"
	case "DeleteImageUsageReport":
		delete(e.live, id)
		body = "<return>true</return>"
	}
	body = "<" + action + "Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>1</requestId>" + body + "</" + action + "Response>"
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/xml"}}, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// TestEachLookHasItsOwnReport asks twice within an hour, as a prune does before each rung, who uses what is shared.
func TestEachLookHasItsOwnReport(t *testing.T) {
	inWorld(t, everywhere, func(ctx context.Context, w *world) {
		t := w.t
		network := &reporting{to: w.sb.Transport(), byToken: map[string]string{}, live: map[string]bool{}}
		b, _ := w.process("prune", network)
		for range 2 {
			for _, c := range b.Pruner().Checks {
				if c.Name != "usage reports" || c.Region != w.sb.Account.Region {
					continue
				}
				if uses, err := c.Find(ctx, []string{"ami-0123456789abcdef0"}); err != nil || len(uses) > 0 {
					t.Errorf("%v: %v", uses, err)
				}
			}
		}
		if len(network.made) != 2 || len(network.live) != 0 {
			t.Errorf("reports on %q were made, and %d are left; want 2, and none left", network.made, len(network.live))
		}
	})
}
