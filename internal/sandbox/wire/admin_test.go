package wire_test

import (
	"net/http"
	"strings"
	"testing"

	"bluegreen/internal/sandbox/wire"

	"github.com/google/go-cmp/cmp"
)

// TestAdmin turns the knobs from outside, one after the other.
func TestAdmin(t *testing.T) {
	front := answering(func() error { return nil })
	for _, c := range []struct {
		request string
		body    string
		status  int
		want    string
	}{
		{"GET faults", "", 200, `[]`},
		{"POST faults", `{"service":"route53","nth":2,"action":"throttle"}`, 200, `[{"service":"route53","nth":2,"action":"throttle"}]`},
		{"POST faults", `{"action":"error","code":"Boom","times":1}`, 200, `[{"service":"route53","nth":2,"action":"throttle"},{"times":1,"action":"error","code":"Boom"}]`},
		{"POST faults", ` [{"operation":"GetChange","action":"lost-reply"}]`, 200, `[{"operation":"GetChange","action":"lost-reply"}]`},
		{"POST faults", `{"action":"explode"}`, 400, `{"error":"unknown action \"explode\": want error, throttle, lost-reply, cut, stall, crash-before or crash-after"}`},
		{"POST faults", `{"action":"crash-after"}`, 400, `{"error":"a fault of action \"crash-after\" needs a function and cannot be set from outside"}`},
		{"POST faults", `{"acton":"throttle"}`, 400, `{"error":"read the faults: json: unknown field \"acton\""}`},
		{"GET faults", "", 200, `[{"operation":"GetChange","action":"lost-reply"}]`},
		{"DELETE faults", "", 200, `[]`},
		{"GET latency", "", 200, `[]`},
		{"POST latency", `{"latency":"50ms"}`, 200, `[{"latency":"50ms"}]`},
		{"POST latency", `{"service":"ec2","operation":"DescribeVpcs","latency":"1s"}`, 200, `[{"latency":"50ms"},{"service":"ec2","operation":"DescribeVpcs","latency":"1s"}]`},
		{"POST latency", `{"latency":"-1s"}`, 200, `[{"service":"ec2","operation":"DescribeVpcs","latency":"1s"}]`},
		{"POST latency", `{"latency":"soon"}`, 400, `{"error":"read the latency: time: invalid duration \"soon\""}`},
		{"DELETE latency", "", 200, `[]`},
		{"GET calls", "", 200, `[]`},
		{"GET calls?since=x", "", 400, `{"error":"read since: strconv.ParseUint: parsing \"x\": invalid syntax"}`},
		{"PUT faults", "", 404, `{"error":"no PUT /_sandbox/faults here"}`},
		{"GET nothing", "", 404, `{"error":"no GET /_sandbox/nothing here"}`},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		w := raw{method: method, path: "/_sandbox/" + path, body: c.body}.send(front)
		if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || got != c.want {
			t.Errorf("%s %s: got %d %s, want %d %s", c.request, c.body, w.Code, got, c.status, c.want)
		}
	}
}

func TestAdminKnobsWork(t *testing.T) {
	front := answering(func() error { return nil })
	raw{method: "POST", path: "/_sandbox/faults", body: `{"operation":"GetHostedZone","nth":1,"action":"error","code":"Boom","status":500}`}.send(front)
	config := once(inMemory(front))
	if got := look(getHostedZone(t.Context(), config)); got.Code != "Boom" || got.Status != http.StatusInternalServerError {
		t.Errorf("got %+v", got)
	}
	_ = changeRecords(t.Context(), config)

	calls := front.Calls.Since(0)
	var want []string
	for i, rest := range []string{
		`"service":"route53","operation":"GetHostedZone","input":{"Id":"Z1"},"code":"Boom","fault":"error"`,
		`"service":"route53","operation":"ChangeResourceRecordSets","input":{"ChangeBatch":{"Changes":[]},"HostedZoneId":"Z1"}`,
	} {
		at, _ := calls[i].Time.MarshalText()
		want = append(want, `{"seq":`+string(rune('1'+i))+`,"time":"`+string(at)+`","requestId":"`+calls[i].RequestID+`",`+
			rest+`,"duration":"`+calls[i].Duration.String()+`"}`)
	}
	for since, want := range map[string]string{
		"":         "[" + strings.Join(want, ",") + "]\n",
		"?since=1": "[" + want[1] + "]\n",
	} {
		got := raw{method: "GET", path: "/_sandbox/calls" + since}.send(front).Body.String()
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

var _ http.Handler = (*wire.Front)(nil)
