package wire_test

import "testing"

// BenchmarkCall is a whole call: the SDK's client, the transport in memory, the front and two codecs.
func BenchmarkCall(b *testing.B) {
	config := inMemory(answering(func() error { return nil }))
	for b.Loop() {
		if err := getHostedZone(b.Context(), config); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFront is the front's share of it.
func BenchmarkFront(b *testing.B) {
	front := answering(func() error { return nil })
	for b.Loop() {
		raw{service: "route53", method: "GET", path: "/2013-04-01/hostedzone/Z1"}.send(front)
	}
}
