// Package load is the clients of an app. Each finds the app by DNS and remembers the answer for as long as it may, keeps its
// connection, and sends one request after the other. It notes who answered.
//
// Nothing is ever sent twice: package net/http's own client quietly repeats a request when a connection that it reuses turns
// out to be dead, and a lost request would look like none. Here a request without a good answer is a failure, and is counted.
package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"bluegreen/internal/resolve"
)

// Options says what the clients do.
type Options struct {
	Host string // the app's name
	Port int
	Path string

	Resolver resolve.Client
	// Clients is how many there are, and Long how many of them keep a connection for as long as the other side allows. The
	// others let go of theirs after about Keep, as a client does that comes and goes. The first connections of the long ones
	// last up to Stagger, all differently, so that later ones do not end together.
	Clients, Long int
	Keep, Stagger time.Duration
	// Idle is how long a connection may rest before it is not used again; less than what the other side grants.
	Idle time.Duration
	// Pause is the time from one request of a client to its next one.
	Pause time.Duration
	// Timeout of one request, from its first byte to the last one of the answer.
	Timeout time.Duration
	// Version and Color are the headers in which the app says who it is.
	Version, Color string
}

// Load is a running set of clients.
type Load struct {
	options Options
	stop    context.CancelFunc
	done    sync.WaitGroup

	mu    sync.Mutex
	stats Stats
	open  map[Side]int
}

// Start begins to send. Stop it.
func Start(o Options) *Load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Load{options: o, stop: cancel, stats: Stats{Sides: map[Side]Traffic{}}, open: map[Side]int{}}
	for i := range o.Clients {
		c := &client{load: l, long: i < o.Long}
		if c.long {
			c.keep = o.Stagger * time.Duration(i+1) / time.Duration(o.Long)
		} else {
			c.keep = c.load.around(o.Keep)
		}
		// Spread evenly over a pause, so that the load has no pulse.
		first := o.Pause * time.Duration(i) / time.Duration(o.Clients)
		l.done.Go(func() { c.run(ctx, first) })
	}
	return l
}

// Stop ends the clients once each has its answer.
func (l *Load) Stop() {
	l.stop()
	l.done.Wait()
}

// client is one client.
type client struct {
	load *Load
	long bool

	answer  []string // addresses that it remembers
	expires time.Time
	conn    *connection
	keep    time.Duration // how long conn is kept; 0 for as long as the other side allows
}

// run sends requests at a steady pace. A request that is under way when ctx ends still gets its answer.
func (c *client) run(ctx context.Context, first time.Duration) {
	defer c.hangUp()
	timer := time.NewTimer(first)
	defer timer.Stop()
	next := time.Now().Add(first)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		c.once()
		next = next.Add(c.load.options.Pause)
		if late := time.Now(); next.Before(late) {
			next = late // what was missed is not made up for: that would be a burst
		}
		timer.Reset(time.Until(next))
	}
}

// once is one request.
func (c *client) once() {
	ctx, cancel := context.WithTimeout(context.Background(), c.load.options.Timeout)
	defer cancel()
	begun := time.Now()
	side, err := c.request(ctx)
	c.load.count(begun, side, err)
}

func (c *client) request(ctx context.Context) (Side, error) {
	if c.conn != nil && c.worn(time.Now()) {
		c.hangUp()
	}
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return Side{}, err
		}
	}
	was := c.conn.side
	answer, err := c.conn.ask(ctx, c.load.options)
	if err != nil {
		err = fmt.Errorf("%s after %d requests in %s: %w", c.conn, c.conn.requests, time.Since(c.conn.since).Round(time.Millisecond), err)
		c.hangUp()
		return was, err
	}
	if answer.side != was {
		c.load.moved(was, answer.side)
		c.conn.side = answer.side
	}
	if answer.last {
		c.hangUp()
	}
	if answer.status/100 != 2 {
		return answer.side, fmt.Errorf("%s answered %s", answer.side, answer.text)
	}
	return answer.side, nil
}

// worn says that the connection is not to be used again.
func (c *client) worn(now time.Time) bool {
	o := c.load.options
	return now.Sub(c.conn.used) > o.Idle || c.keep > 0 && now.Sub(c.conn.since) > c.keep
}

func (c *client) connect(ctx context.Context) error {
	addr, err := c.lookup(ctx)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", addr, err)
	}
	c.conn = newConnection(conn)
	c.load.moved(Side{}, c.conn.side)
	return nil
}

// lookup is an address of the app, out of the client's own memory for as long as the answer may be remembered.
func (c *client) lookup(ctx context.Context) (string, error) {
	o := c.load.options
	if now := time.Now(); !now.Before(c.expires) {
		answer, err := o.Resolver.Lookup(ctx, o.Host, "A")
		if err != nil {
			return "", err
		}
		if len(answer.Values) == 0 {
			return "", fmt.Errorf("%s has no address", o.Host)
		}
		c.answer, c.expires = answer.Values, now.Add(answer.TTL)
	}
	return net.JoinHostPort(c.answer[rand.IntN(len(c.answer))], fmt.Sprint(o.Port)), nil
}

func (c *client) hangUp() {
	if c.conn == nil {
		return
	}
	c.conn.close()
	c.load.moved(c.conn.side, Side{})
	c.conn = nil
	if c.keep = 0; !c.long {
		c.keep = c.load.around(c.load.options.Keep)
	}
}

// around is a time that is d on average.
func (l *Load) around(d time.Duration) time.Duration { return d/2 + rand.N(d) }
