package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// connection is one connection of a client, and who is at its other end.
type connection struct {
	conn     net.Conn
	reader   *bufio.Reader
	since    time.Time
	used     time.Time // when the last request was sent: the other side counts from later on
	requests int
	side     Side // unknown until the first answer
}

func newConnection(conn net.Conn) *connection {
	now := time.Now()
	return &connection{conn: conn, reader: bufio.NewReader(conn), since: now, used: now, side: unknown}
}

func (c *connection) close() { _ = c.conn.Close() }

func (c *connection) String() string { return c.conn.RemoteAddr().String() }

// answer is what came back.
type answer struct {
	status int
	text   string // "503 Service Unavailable"
	side   Side
	last   bool // the other side will close the connection
}

// ask sends a request and reads the whole answer.
func (c *connection) ask(ctx context.Context, o Options) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d%s", o.Host, o.Port, o.Path), nil)
	if err != nil {
		return answer{}, err
	}
	if deadline, bounded := ctx.Deadline(); bounded {
		if err := c.conn.SetDeadline(deadline); err != nil {
			return answer{}, fmt.Errorf("set a deadline: %w", err)
		}
	}
	c.used = time.Now()
	if err := req.Write(c.conn); err != nil {
		return answer{}, fmt.Errorf("send: %w", err)
	}
	res, err := http.ReadResponse(c.reader, req)
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end below
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return answer{}, fmt.Errorf("read the answer's body: %w", err)
	}
	c.requests++
	side := Side{Color: res.Header.Get(o.Color), Version: res.Header.Get(o.Version)}
	if side == (Side{}) { // the load balancer itself answered
		side = c.side
	}
	return answer{status: res.StatusCode, text: res.Status, side: side, last: res.Close}, nil
}
