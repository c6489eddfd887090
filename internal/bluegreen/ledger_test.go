package bluegreen_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
	"bluegreen/internal/traffic"
)

// ledger writes down every call and whose it was.
type ledger struct {
	mu    sync.Mutex
	calls []wire.Call
	by    map[string]string // the process by the id of the request
}

func (w *world) ledger() *ledger {
	l := &ledger{by: map[string]string{}}
	w.sb.Front.Calls.Observe(func(c wire.Call) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls = append(l.calls, c)
	})
	return l
}

// sign makes a transport to the world whose calls are written down as those of a process.
func (l *ledger) sign(w *world, process string) http.RoundTripper {
	return wire.Transport(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.sb.Front.ServeHTTP(rw, r)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.by[rw.Header().Get("X-Amzn-Requestid")] = process
	}))
}

// entry is a call that had its effect.
type entry struct {
	wire.Call
	process string
}

// entries are the calls in the order of their effects.
func (l *ledger) entries() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []entry
	for _, c := range l.calls {
		if c.Code == "" {
			list = append(list, entry{c, l.by[c.RequestID]})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}

// changes says whether a call changes anything but the journal and the lease.
func (e entry) changes() bool {
	return !strings.HasPrefix(e.Operation, "Describe") && !strings.HasPrefix(e.Operation, "Get") &&
		!strings.HasPrefix(e.Operation, "List") && e.Service != "ssm"
}

// fence is the one that a batch writes; ok is false where it writes none.
func (e entry) fence() (f traffic.Fence, ok bool) {
	in, isBatch := e.Input.(*route53.ChangeResourceRecordSetsInput)
	if !isBatch {
		return f, false
	}
	for _, c := range in.ChangeBatch.Changes {
		r := c.ResourceRecordSet
		if c.Action == r53types.ChangeActionCreate && r.Type == r53types.RRTypeTxt {
			f, err := traffic.ParseFence(aws.ToString(r.ResourceRecords[0].Value))
			return f, err == nil
		}
	}
	return f, false
}
