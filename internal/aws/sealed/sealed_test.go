package sealed

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

type login struct {
	User     string
	Password Text
	again    Text
	deep     []map[string]Text
}

// A planted text does not come out again, however it is wrapped and printed.
func TestNothingPrintsIt(t *testing.T) {
	const planted = "hunter2"
	text := New(planted)
	l := login{"AWS", text, text, []map[string]Text{{"a": text}}}
	out := map[string]string{"String": text.String(), "GoString": text.GoString(), "error": errors.Join(fmt.Errorf("login %v failed", l)).Error()}
	for _, v := range []any{text, &text, l, &l, []Text{text}, map[string]Text{"a": text}, map[Text]int{text: 1}, struct{ t *login }{&l}, struct{ l login }{l}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08.3f", "%p", "%T", "%z"} {
			out[fmt.Sprintf("%T %s", v, verb)] = fmt.Sprintf(verb, v)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
		out[fmt.Sprintf("%T logged", v)] = log.String()
		asJSON, err := json.Marshal(v)
		out[fmt.Sprintf("%T as JSON", v)] = fmt.Sprint(string(asJSON), err)
		asXML, err := xml.Marshal(v)
		out[fmt.Sprintf("%T as XML", v)] = fmt.Sprint(string(asXML), err)
	}
	var asTOML bytes.Buffer
	if err := toml.NewEncoder(&asTOML).Encode(l); err != nil {
		t.Fatal(err)
	}
	out["TOML"] = asTOML.String()
	for where, text := range out {
		lower := strings.ToLower(text)
		if strings.Contains(lower, planted) || strings.Contains(lower, fmt.Sprintf("%x", planted)) {
			t.Errorf("%s: %s", where, text)
		}
	}
	for where, want := range map[string]string{
		"sealed.Text %v": "[redacted]", "sealed.Text %#v": "[redacted]", "sealed.Text as JSON": `"[redacted]"<nil>`, "String": "[redacted]",
	} {
		if out[where] != want {
			t.Errorf("%s: %s, want %s", where, out[where], want)
		}
	}
}

func TestReveal(t *testing.T) {
	text := New("hunter2")
	if text.Reveal() != "hunter2" || (Text{}).Reveal() != "" || New("").Reveal() != "" {
		t.Errorf("got %q", text.Reveal())
	}
	if !text.Equal(New("hunter2")) || text.Equal(New("hunter3")) || text.Equal(Text{}) || !New("").Equal(Text{}) {
		t.Error("texts are compared by what they are")
	}
}
