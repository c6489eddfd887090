package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// adminPrefix is where the knobs are.
const adminPrefix = "/_sandbox/"

// serveAdmin serves the knobs:
//
//	GET    /_sandbox/faults          the faults, in their order
//	POST   /_sandbox/faults          append a fault, or replace them all by an array of them
//	DELETE /_sandbox/faults          take all away
//	GET    /_sandbox/latency         the settings
//	POST   /_sandbox/latency         {"service":"route53","operation":"GetChange","latency":"50ms"}: set one
//	DELETE /_sandbox/latency         take all away
//	GET    /_sandbox/calls?since=N   the calls after number N
func (f *Front) serveAdmin(w http.ResponseWriter, r *http.Request) {
	knob := strings.TrimPrefix(r.URL.Path, adminPrefix)
	var result any
	var err error
	switch r.Method + " " + knob {
	case "GET faults":
		result = f.Faults.List()
	case "POST faults":
		err = f.postFaults(r)
		result = f.Faults.List()
	case "DELETE faults":
		f.Faults.Clear()
		result = f.Faults.List()
	case "GET latency":
		result = f.latencySettings()
	case "POST latency":
		err = f.postLatency(r)
		result = f.latencySettings()
	case "DELETE latency":
		f.Latency.Clear()
		result = f.latencySettings()
	case "GET calls":
		result, err = f.callsSince(r.URL.Query().Get("since"))
	default:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": fmt.Sprintf("no %s %s here", r.Method, r.URL.Path)})
		return
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, result)
}

func (f *Front) postFaults(r *http.Request) error {
	body, err := readLimited(r.Body)
	if err != nil {
		return err
	}
	replace := bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
	faults := make([]Fault, 1)
	if replace {
		err = unmarshalStrictly(body, &faults)
	} else {
		err = unmarshalStrictly(body, &faults[0])
	}
	if err != nil {
		return fmt.Errorf("read the faults: %w", err)
	}
	for _, fault := range faults {
		if fault.Action == ActionCrashBefore || fault.Action == ActionCrashAfter {
			return fmt.Errorf("a fault of action %q needs a function and cannot be set from outside", fault.Action)
		}
	}
	return f.Faults.add(replace, faults)
}

// latencySetting is a setting of Latency as the knobs spell it.
type latencySetting struct {
	Service   string `json:"service,omitempty"`
	Operation string `json:"operation,omitempty"`
	Latency   string `json:"latency"` // as of time.ParseDuration
}

func (f *Front) latencySettings() []latencySetting {
	settings := []latencySetting{}
	for name, d := range f.Latency.all() {
		settings = append(settings, latencySetting{name.service, name.operation, d.String()})
	}
	slices.SortFunc(settings, func(a, b latencySetting) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Operation, b.Operation))
	})
	return settings
}

func (f *Front) postLatency(r *http.Request) error {
	body, err := readLimited(r.Body)
	if err != nil {
		return err
	}
	var setting latencySetting
	if err := unmarshalStrictly(body, &setting); err != nil {
		return fmt.Errorf("read the latency: %w", err)
	}
	d, err := time.ParseDuration(setting.Latency)
	if err != nil {
		return fmt.Errorf("read the latency: %w", err)
	}
	f.Latency.Set(setting.Service, setting.Operation, d)
	return nil
}

// loggedCall is a Call as the knobs spell it: the input in the names of the API, times in it as seconds since 1970.
type loggedCall struct {
	Seq       uint64    `json:"seq"`
	Time      time.Time `json:"time"`
	RequestID string    `json:"requestId"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Input     any       `json:"input,omitempty"`
	Code      string    `json:"code,omitempty"`
	Fault     Action    `json:"fault,omitempty"`
	Duration  string    `json:"duration"`
}

func (f *Front) callsSince(since string) ([]loggedCall, error) {
	var seq uint64
	if since != "" {
		var err error
		if seq, err = strconv.ParseUint(since, 10, 64); err != nil {
			return nil, fmt.Errorf("read since: %w", err)
		}
	}
	calls := []loggedCall{}
	for _, c := range f.Calls.Since(seq) {
		var input any
		if c.Input != nil {
			input = jsonValue(messageTree(c.Input, plain))
		}
		calls = append(calls, loggedCall{
			c.Seq, c.Time, c.RequestID, c.Service, c.Operation, input, c.Code, c.Fault, c.Duration.String(),
		})
	}
	return calls, nil
}

func unmarshalStrictly(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the reply cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
