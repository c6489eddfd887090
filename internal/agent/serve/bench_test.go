package serve

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkHealth is one answer of /health without the network.
func BenchmarkHealth(b *testing.B) {
	h, alive := Health{Ready: true, Status: "healthy", AgeMS: 1200}, error(nil)
	face := server(full(), &h, &alive).Public()
	request, w := mustRequest(b), &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		face.ServeHTTP(w, request)
	}
}

// BenchmarkHealthUnderLoad asks 2,000 times a second over sockets, by the clock and not by how fast answers come, with client
// and server on one core. Run it with -benchtime=20000x or more, and with nothing else on the machine: p99 is what counts. The
// CPU time is that of both sides.
func BenchmarkHealthUnderLoad(b *testing.B) {
	for _, c := range []struct {
		name string
		once bool // each request has a connection of its own
	}{{"kept connections", false}, {"a connection each", true}} {
		b.Run(c.name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			h, alive := Health{Ready: true, Status: "healthy", AgeMS: 1200}, error(nil)
			board := NewBoard(full(), func() Health { return h })
			public, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			s := New(Options{Board: board, Live: func() error { return alive }, Metrics: http.NotFoundHandler()})
			f := s.face(s.Public(), public)
			go f.serve()
			before := cpu(b)
			took := load(b, public.Addr().String(), c.once)
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "µs-cpu/request")
			report(b, took)
			f.stop()
		})
	}
}

// load asks b.N times, each when that is due, and says how long the answers took. A client that was still busy with the answer
// before counts from the moment at which it was due to ask: a server that is slow is not asked any less.
func load(b *testing.B, addr string, once bool) []time.Duration {
	const rate, clients = 2000, 8
	took := make([]time.Duration, b.N)
	var all sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for client := range clients {
		all.Go(func() {
			c := caller{addr: addr, once: once}
			defer c.close()
			for i := client; i < b.N; i += clients {
				due := start.Add(time.Duration(i) * time.Second / rate)
				if ahead := time.Until(due); ahead > 0 {
					time.Sleep(ahead)
					due = time.Now() // a timer is late by up to a millisecond, which is not the server's doing
				}
				if err := c.ask(); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(due)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	return took
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(.5), "ms/p50")
	b.ReportMetric(at(.99), "ms/p99")
	b.ReportMetric(at(1), "ms/max")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// caller is a client of few words, so that it is the server that is measured.
type caller struct {
	addr string
	once bool
	conn net.Conn
	in   *bufio.Reader
}

func (c *caller) ask() (err error) {
	if c.conn == nil {
		if c.conn, err = net.Dial("tcp", c.addr); err != nil {
			return err
		}
		if err := c.conn.(*net.TCPConn).SetLinger(0); err != nil { // or the machine runs out of ports in half a minute
			return err
		}
		c.in = bufio.NewReader(c.conn)
	}
	if _, err := c.conn.Write([]byte("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		return err
	}
	first, err := c.in.ReadString('\n')
	if err != nil || !strings.HasPrefix(first, "HTTP/1.1 200") {
		return fmt.Errorf("got %q: %w", first, err)
	}
	for { // the header has no body's beginning in it: a JSON object on a line of its own ends the answer
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "{") {
			break
		}
	}
	if c.once {
		c.close()
	}
	return nil
}

func (c *caller) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}
