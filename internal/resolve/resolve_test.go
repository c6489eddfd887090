package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAskAndLookup(t *testing.T) {
	long := make([]string, 60) // more than a packet holds
	for i := range long {
		long[i] = fmt.Sprintf(`"%02d %s"`, i, strings.Repeat("x", 40))
	}
	everywhere(t, func(t *testing.T, w *world) {
		w.zone("example.test",
			"a.example.test A 192.0.2.2,192.0.2.1", "a.example.test AAAA 2001:db8::1", `t.example.test TXT "bluegreen1 epoch=1" "x"`,
			"c.example.test CNAME a.example.test", "h.example.test HTTPS 1 . alpn=\"h2\"", "many.example.test TXT "+strings.Join(long, ","))
		servers, err := w.client.Delegated(t.Context(), "example.test")
		if err != nil || len(servers) != 4 {
			t.Fatal(servers, err)
		}
		for question, want := range map[string]Answer{
			"a.example.test A":       {[]string{"192.0.2.1", "192.0.2.2"}, 30 * time.Second},
			"A.Example.Test. A":      {[]string{"192.0.2.1", "192.0.2.2"}, 30 * time.Second},
			"a.example.test AAAA":    {[]string{"2001:db8::1"}, 30 * time.Second},
			"t.example.test TXT":     {[]string{"bluegreen1 epoch=1x"}, 30 * time.Second},
			"c.example.test CNAME":   {[]string{"a.example.test."}, 300 * time.Second},
			"c.example.test A":       {[]string{"192.0.2.1", "192.0.2.2"}, 300 * time.Second}, // a cache keeps the alias for longer
			"h.example.test HTTPS":   {[]string{`1 . alpn="h2"`}, 30 * time.Second},
			"a.example.test TXT":     {},
			"nobody.example.test A":  {},
			"nobody.example.test NS": {},
		} {
			name, rrtype, _ := strings.Cut(question, " ")
			for who, ask := range map[string]func() (Answer, error){
				"resolver": func() (Answer, error) { return w.client.Lookup(t.Context(), name, rrtype) },
				"server":   func() (Answer, error) { return w.client.Ask(t.Context(), servers[0], name, rrtype) },
			} {
				got, err := ask()
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s from the %s: %v %s", question, who, err, diff)
				}
			}
		}
		got, err := w.client.Ask(t.Context(), servers[0], "many.example.test", "TXT")
		if err != nil || len(got.Values) != len(long) {
			t.Errorf("an answer too long for a packet: %d of %d values, %v", len(got.Values), len(long), err)
		}
	})
}

// A server that does not answer for a zone says so, and that is not the same as no record.
func TestRefusal(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.zone("example.test")
		servers, err := w.client.Delegated(t.Context(), "example.test")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range servers {
			_, err := w.client.Ask(t.Context(), s, "a.example.net", "A")
			if want := "ask " + s.Addr + " for a.example.net A: REFUSED"; message(err) != want {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestDelegated(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		nested := w.zone("shop.example.test") // on other servers than the zone above
		w.zone("lost.example.test")
		w.zone("example.test", "shop.example.test NS "+strings.Join(nested, ","))
		outer, err := w.client.Delegated(t.Context(), "example.test.")
		if err != nil || len(outer) != 4 {
			t.Fatal(outer, err)
		}
		for i, s := range outer {
			if !strings.HasSuffix(s.Name, ".") || i > 0 && s.Name <= outer[i-1].Name {
				t.Errorf("server %d is %v", i, s)
			}
		}
		inner, err := w.client.Delegated(t.Context(), "Shop.Example.Test")
		if err != nil || len(inner) != 4 {
			t.Fatal(inner, err)
		}
		for _, s := range inner {
			for _, o := range outer {
				if s == o {
					t.Errorf("%v serves both", s)
				}
			}
			if answer, err := w.client.Ask(t.Context(), s, "shop.example.test", "NS"); err != nil || len(answer.Values) != 4 {
				t.Errorf("%v does not serve the zone: %v, %v", s, answer, err)
			}
		}
		for _, zone := range []string{"nobody.test.", "lost.example.test."} {
			_, err = w.client.Delegated(t.Context(), zone)
			if !errors.Is(err, ErrNoServers) || !strings.HasPrefix(message(err), "find who delegates "+zone+": no delegated name server found") {
				t.Errorf("a zone that nobody delegates: %v", err)
			}
		}
	})
}

// With one of its servers down a zone is still delegated to it, and the others answer.
func TestServerThatIsDown(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.zone("example.test", "a.example.test A 192.0.2.1")
		servers, err := w.client.Delegated(t.Context(), "example.test")
		if err != nil {
			t.Fatal(err)
		}
		w.down(servers[1].Addr)
		again, err := w.client.Delegated(t.Context(), "example.test")
		if diff := cmp.Diff(servers, again); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		for i, s := range servers {
			answer, err := w.client.Ask(t.Context(), s, "a.example.test", "A")
			if i == 1 {
				if err == nil || !strings.HasPrefix(err.Error(), "ask "+s.Addr+" for a.example.test A: ") {
					t.Errorf("the deaf one: %v, %v", answer, err)
				}
			} else if err != nil || len(answer.Values) != 1 {
				t.Errorf("%v: %v, %v", s, answer, err)
			}
		}
	})
}

func TestParentThatIsDown(t *testing.T) {
	inMemory(t, func(t *testing.T, w *world) {
		w.zone("example.test")
		w.down(w.servers.Parent().String())
		_, err := w.client.Delegated(t.Context(), "example.test")
		if !errors.Is(err, ErrNoServers) || !strings.Contains(message(err), "ask "+w.servers.Parent().String()+" for example.test. NS: ") {
			t.Errorf("got %v", err)
		}
	})
}

func TestResolverThatIsDown(t *testing.T) {
	inMemory(t, func(t *testing.T, w *world) {
		w.zone("example.test")
		w.down(w.client.Resolver)
		if _, err := w.client.Delegated(t.Context(), "example.test"); !errors.Is(err, ErrNoServers) {
			t.Errorf("got %v", err)
		}
		if _, err := w.client.Lookup(t.Context(), "example.test", "NS"); err == nil {
			t.Error("it answers")
		}
		bad := w.client
		bad.Resolver = "127.0.0.1"
		if _, err := bad.Delegated(t.Context(), "example.test"); message(err) != `resolver "127.0.0.1": address 127.0.0.1: missing port in address` {
			t.Errorf("got %v", err)
		}
	})
}

// silent is a network on which nobody ever answers; it counts who was asked how.
func silent(asked *[]string) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, network, addr string) (net.Conn, error) {
		*asked = append(*asked, network+" "+addr)
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			buf := make([]byte, 512)
			for {
				if _, err := server.Read(buf); err != nil {
					return
				}
			}
		}()
		return client, nil
	}
}

func TestServerThatDoesNotAnswer(t *testing.T) {
	inMemory(t, func(t *testing.T, w *world) {
		var asked []string
		w.client.Dial = silent(&asked)
		begun := time.Now()
		_, err := w.client.Ask(t.Context(), Server{"ns.", "192.0.2.1:53"}, "example.test", "A")
		if !errors.Is(err, ErrNoAnswer) || message(err) != "ask 192.0.2.1:53 for example.test A: no answer within 2s" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != 4*time.Second {
			t.Errorf("it took %s", took)
		}
		if diff := cmp.Diff([]string{"udp 192.0.2.1:53", "tcp 192.0.2.1:53"}, asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestInterrupt(t *testing.T) {
	inMemory(t, func(t *testing.T, w *world) {
		var asked []string
		w.client.Dial = silent(&asked)
		why := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		begun := time.Now()
		_, err := w.client.Lookup(ctx, "example.test", "A")
		if !errors.Is(err, why) || time.Since(begun) != time.Second || len(asked) != 1 {
			t.Errorf("%v after %s, %v", err, time.Since(begun), asked)
		}
		if _, err := w.client.Lookup(ctx, "example.test", "A"); !errors.Is(err, why) {
			t.Errorf("a second time: %v", err)
		}
	})
}

// A packet that gets lost is no server that is down: a stream asks again.
func TestLostPacket(t *testing.T) {
	inMemory(t, func(t *testing.T, w *world) {
		w.zone("example.test", "a.example.test A 192.0.2.1")
		dial := w.client.Dial
		var asked []string
		w.client.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if network == "udp" {
				return silent(&asked)(ctx, network, addr)
			}
			return dial(ctx, network, addr)
		}
		answer, err := w.client.Lookup(t.Context(), "a.example.test", "A")
		if err != nil || len(answer.Values) != 1 || len(asked) != 1 {
			t.Errorf("%v, %v, %v", answer, err, asked)
		}
	})
}

func TestSystem(t *testing.T) {
	addr, err := System()
	if err != nil {
		if !strings.HasPrefix(err.Error(), "find the resolver of this machine: ") {
			t.Errorf("got %v", err)
		}
		return
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port != "53" {
		t.Errorf("got %s, %v", addr, err)
	}
}
