package wire

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Front is the HTTP endpoint of an account. It finds the service and the operation that a request asks for, holds the
// account's lock while the operation takes place, and answers in the protocol of the request. Requests need a signature,
// which says what service they are for; whether it is right is not checked.
//
// Below /_sandbox/ it serves the knobs (see Faults, Latency, CallLog) as JSON, to anyone.
type Front struct {
	Faults  Faults
	Latency Latency
	Calls   CallLog

	// Logger gets the panics of operations; slog.Default() when nil. Set it before the first request.
	Logger *slog.Logger

	account  sync.Locker
	services map[string][]*endpoint // by signing name
	joined   []joined
	requests atomic.Uint64
}

// endpoint is a service with its operations by name.
type endpoint struct {
	Service
	operations map[string]Operation
}

// NewFront puts services behind one endpoint. It panics when two of them have the same signing name and version, or a
// service has two operations of one name.
func NewFront(account sync.Locker, services ...Service) *Front {
	f := &Front{account: account, services: map[string][]*endpoint{}}
	for _, s := range services {
		for _, other := range f.services[s.SigningName] {
			if other.Version == s.Version {
				panic(fmt.Sprintf("wire: %s %s registered twice", s.SigningName, s.Version))
			}
		}
		e := &endpoint{Service: s, operations: map[string]Operation{}}
		for _, op := range s.Operations {
			if _, twice := e.operations[op.Name]; twice {
				panic(fmt.Sprintf("wire: %s.%s registered twice", s.SigningName, op.Name))
			}
			e.operations[op.Name] = op
		}
		f.services[s.SigningName] = append(f.services[s.SigningName], e)
	}
	return f
}

// ServeHTTP answers one API call.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		f.serveAdmin(w, r)
		return
	}
	if other := f.joinedFor(r); other != nil {
		other.ServeHTTP(w, r)
		return
	}
	number := f.requests.Add(1)
	x := &exchange{front: f, id: requestID(number), start: time.Now()}
	reply := x.run(r)
	if reply == nil {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	header := w.Header()
	for name, values := range reply.header {
		header[name] = values
	}
	header.Set("X-Amzn-Requestid", x.id)
	header.Set("Date", x.start.UTC().Format(http.TimeFormat))
	header.Set("Content-Length", strconv.Itoa(len(reply.body)))
	end := func() {}
	if reply.breaks != "" {
		broken := breakReply(w, r, reply.breaks)
		w, end = broken, broken.end
	}
	w.WriteHeader(reply.status)
	_, _ = w.Write(reply.body) // a client that has gone needs no reply
	end()
}

// requestID is a UUID made of a request's number, so that a run can be repeated.
func requestID(number uint64) string {
	random := rand.NewPCG(0x7769_7265, number)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (f *Front) logger() *slog.Logger {
	if f.Logger != nil {
		return f.Logger
	}
	return slog.Default()
}
