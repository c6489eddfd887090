package elbv2

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

// reused says for a GET whether it went over a connection that was there, and whether the answer announced its end.
func (w *world) reused(c *http.Client, url string) (reused, closing bool) {
	w.t.Helper()
	ctx := httptrace.WithClientTrace(w.t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	res, err := c.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return reused, res.Close
}

func TestKeepAliveHasALimit(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		lb, _, addr := w.serving(map[string]http.Handler{"i-1": saying("one")})
		must(w, w.api.ModifyLoadBalancerAttributes, &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{balancerAttribute(keepAlive, "60"), balancerAttribute(idleTimeout, "4000")}})
		c := w.client()
		start := time.Now()
		if reused, closing := w.reused(c, "http://"+addr+"/"); reused || closing {
			t.Errorf("first request: reused=%t closing=%t", reused, closing)
		}
		// Busy all the time; the connection ends by its age, with an answer that says so.
		w.until("the connection is closed", func() bool {
			reused, closing := w.reused(c, "http://"+addr+"/")
			if !reused {
				t.Errorf("the connection ended unannounced after %v", time.Since(start))
			}
			return closing
		})
		if age, limit := time.Since(start), w.acct.Scaled(time.Minute); age < limit {
			t.Errorf("closed at the age of %v, before %v", age, limit)
		}
		if reused, _ := w.reused(c, "http://"+addr+"/"); reused {
			t.Error("the closed connection was used again")
		}
	})
}

func TestIdleConnectionsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, _, addr := w.serving(map[string]http.Handler{"i-1": saying("one")})
		open := func(say string) (net.Conn, *bufio.Reader) {
			conn, err := w.Fabric.DialContext(t.Context(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			io.WriteString(conn, say)
			return conn, bufio.NewReader(conn)
		}
		start := time.Now()
		_, silent := open("")
		_, halting := open("GET / HTTP/1.1\r\nHo")
		_, idle := open("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		res, err := http.ReadResponse(idle, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		for name, br := range map[string]*bufio.Reader{"that never spoke": silent, "that stopped halfway": halting, "that was idle": idle} {
			io.Copy(io.Discard, br) // until the load balancer closes
			took, limit := time.Since(start), w.acct.Scaled(time.Minute)
			faked := limit == time.Minute // else the machine has its part in it
			if took < limit || faked && took > 3*limit {
				t.Errorf("a client %s was cut after %v, the limit is %v", name, took, limit)
			}
		}
	})
}

func TestTLS(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		lb, g, _ := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("X-Forwarded-Port"), " ", r.Host)
		})})
		l := w.secure(lb, 8443, forward(g))
		addr := w.nodes(lb, 8443)[0]
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(w.CAPEM()) {
			t.Fatal("no certificate in the CA's PEM")
		}
		secure := func(c *tls.Config) *http.Client {
			tr := &http.Transport{TLSClientConfig: c, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return w.Fabric.DialContext(ctx, network, addr)
			}}
			t.Cleanup(tr.CloseIdleConnections)
			return &http.Client{Transport: tr}
		}
		got := []string{
			w.get(secure(&tls.Config{RootCAs: roots}), "https://app.example:8443/"),
			w.get(secure(&tls.Config{RootCAs: roots}), "https://"+*lb.DNSName+":8443/"),
			w.get(secure(&tls.Config{RootCAs: roots}), "https://"+addr+"/"),
		}
		want := []string{"200 https 8443 app.example:8443", "200 https 8443 " + *lb.DNSName + ":8443", "200 https 8443 " + addr}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		var unknown x509.UnknownAuthorityError
		if _, err := secure(&tls.Config{RootCAs: x509.NewCertPool()}).Get("https://app.example:8443/"); !errors.As(err, &unknown) {
			t.Errorf("a client that does not know the authority got %v", err)
		}
		must(w, w.api.ModifyListener, &sdk.ModifyListenerInput{ListenerArn: l.ListenerArn, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-3-2021-06")})
		if got := w.get(secure(&tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12}), "https://app.example:8443/"); !strings.Contains(got, "protocol version") {
			t.Errorf("a TLS 1.2 client of a TLS 1.3 policy got %q", got)
		}
	})
}

func TestStreamsPassThrough(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		next := make(chan string)
		_, _, addr := w.serving(map[string]http.Handler{"i-1": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				return
			}
			for s := range next {
				io.WriteString(rw, s)
				http.NewResponseController(rw).Flush()
			}
		})})
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/stream", nil)
		go func() { next <- "one\n" }()
		res, err := w.client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		br := bufio.NewReader(res.Body)
		for _, want := range []string{"one\n", "two\n", "three\n"} {
			if got, err := br.ReadString('\n'); got != want || err != nil { // before the target goes on
				t.Fatalf("got %q and %v, want %q", got, err, want)
			}
			if want == "one\n" {
				next <- "two\n"
			} else if want == "two\n" {
				next <- "three\n"
			}
		}
		close(next)
		if rest, err := io.ReadAll(br); len(rest) > 0 || err != nil {
			t.Errorf("the stream ended with %q and %v", rest, err)
		}
	})
}
