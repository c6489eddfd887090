// Package sealed keeps texts that must not be seen, as passwords and tokens, out of logs, errors and answers: whatever prints
// one prints "[redacted]", unless it asks for the text by name.
package sealed

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a text that must not be seen. The zero value is the empty text.
type Text struct {
	// A pointer, because fmt looks into unexported fields without asking the methods below, but shows pointers in them as
	// addresses.
	text *string
}

// New seals a text.
func New(text string) Text { return Text{&text} }

// Reveal is the text itself. Whoever calls it answers for where it goes.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// Equal says whether two texts are the same.
func (t Text) Equal(o Text) bool { return t.Reveal() == o.Reveal() }

// Format prints the same for every verb, %#v and %x among them.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

func (t Text) String() string { return redacted }

// GoString is what %#v prints.
func (t Text) GoString() string { return redacted }

// LogValue is what log/slog prints.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is what encoding/json and its like write.
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
