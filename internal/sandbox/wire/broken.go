package wire

import (
	"net/http"
	"strconv"
)

// brokenReply lets half of a reply through and no more.
type brokenReply struct {
	http.ResponseWriter
	request *http.Request
	how     Action
	begun   bool
	left    int64 // bytes until it breaks
}

// breakReply is w, until half of what Content-Length announces has been written. Its end must be called when the reply is
// over: one without a body breaks there. Both abort the handler, as net/http has it.
func breakReply(w http.ResponseWriter, r *http.Request, how Action) *brokenReply {
	return &brokenReply{ResponseWriter: w, request: r, how: how}
}

func (b *brokenReply) WriteHeader(status int) {
	if !b.begun {
		b.begun = true
		size, _ := strconv.ParseInt(b.Header().Get("Content-Length"), 10, 64) // where it is not known, nothing gets through
		b.left = size / 2
	}
	b.ResponseWriter.WriteHeader(status)
}

func (b *brokenReply) Write(p []byte) (int, error) {
	if !b.begun {
		b.WriteHeader(http.StatusOK)
	}
	if int64(len(p)) <= b.left {
		n, err := b.ResponseWriter.Write(p)
		b.left -= int64(n)
		return n, err
	}
	if n, err := b.ResponseWriter.Write(p[:b.left]); err != nil {
		return n, err
	}
	b.end()
	return 0, nil // never: end does not return
}

func (b *brokenReply) end() {
	_ = http.NewResponseController(b.ResponseWriter).Flush() // so that half of it is seen; a client that has gone sees nothing
	if b.how == ActionStall {
		<-b.request.Context().Done()
	}
	panic(http.ErrAbortHandler)
}
