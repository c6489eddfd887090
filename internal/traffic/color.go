// Package traffic moves an app's traffic between two colours by the weights of its Route 53 records.
//
// A move is data: the set as it was listed, the set that is wanted, and the batch between them, which is checked before it
// is sent and can be printed. Every batch deletes the records exactly as they were listed, creates the new ones and swaps
// the app's fence, a TXT record that says who may move the weights: it comes to be as a whole or not at all, and never
// over a change that somebody else has made.
package traffic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Color is one of the two stacks of an app.
type Color string

// The colours.
const (
	Blue  Color = "blue"
	Green Color = "green"
)

// Colors are both, in the order in which they are shown.
var Colors = []Color{Blue, Green}

// ParseColor reads a colour that somebody typed.
func ParseColor(text string) (Color, error) {
	if c := Color(text); slices.Contains(Colors, c) {
		return c, nil
	}
	return "", fmt.Errorf("unknown color %q: want blue or green", text)
}

// Other is the colour that c is not.
func (c Color) Other() Color {
	if c == Blue {
		return Green
	}
	return Blue
}

// Weights says which colours have records, and with what weight. A colour that is absent has no record at all; one of
// weight 0 is a standby that Route 53 turns to when all others are unhealthy.
type Weights map[Color]int

// MaxWeight is the largest weight that Route 53 takes.
const MaxWeight = 255

// String writes weights as "blue:90,green:10", blue first.
func (w Weights) String() string {
	var parts []string
	for _, c := range Colors {
		if n, ok := w[c]; ok {
			parts = append(parts, fmt.Sprintf("%s:%d", c, n))
		}
	}
	return strings.Join(parts, ",")
}

// ParseWeights reads what String writes.
func ParseWeights(text string) (Weights, error) {
	w := Weights{}
	for part := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(part, ":")
		c, err := ParseColor(name)
		if err != nil {
			return nil, fmt.Errorf("read weights %q: %w", text, err)
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > MaxWeight {
			return nil, fmt.Errorf("read weights %q: %q is not a weight from 0 to %d", text, number, MaxWeight)
		}
		if _, twice := w[c]; twice {
			return nil, fmt.Errorf("read weights %q: %s stands there twice", text, c)
		}
		w[c] = n
	}
	return w, nil
}

// Share is the part of new connections that c gets, 0 to 1. All-zero weights are an equal split.
func (w Weights) Share(c Color) float64 {
	sum := 0
	for _, n := range w {
		sum += n
	}
	n, ok := w[c]
	switch {
	case !ok:
		return 0
	case sum == 0:
		return 1 / float64(len(w))
	}
	return float64(n) / float64(sum)
}

// Live are the colours that get traffic.
func (w Weights) Live() []Color {
	var live []Color
	for _, c := range Colors {
		if w.Share(c) > 0 {
			live = append(live, c)
		}
	}
	return live
}

// Equal says whether both give every colour the same record.
func (w Weights) Equal(o Weights) bool { return w.String() == o.String() }
