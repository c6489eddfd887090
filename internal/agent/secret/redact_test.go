package secret_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"bluegreen/internal/agent/secret"
	"bluegreen/internal/aws/sealed"
)

func TestRedact(t *testing.T) {
	b := newBench(t, &store{version: map[string]int{}}, memory(t))
	b.must(t, b.Fetch(t.Context()))
	b.store.rotate("db")
	b.must(t, b.Fetch(t.Context()))
	for _, line := range []string{
		"connect: " + text("db", 0), text("db", 1) + text("key", 0), "token=" + text("TOKEN", 0) + "&",
		base64.StdEncoding.EncodeToString([]byte(text("db", 1))),
	} {
		got := b.Redact(line)
		if strings.Contains(got, planted) || !strings.Contains(got, "***") || got == line {
			t.Errorf("%q became %q", line, got)
		}
	}
	if got := b.Redact("all is well"); got != "all is well" {
		t.Errorf("%q", got)
	}

	multiline := "-----BEGIN-----\nline \"one\"\nb/c d\n-----END-----"
	k, err := secret.New(secret.Options{Secrets: map[string]secret.Secret{"pem": {Env: true, Fetch: func(context.Context) (secret.Value, error) {
		return secret.Value{Text: sealed.New(multiline), Version: "1"}, nil
	}}}})
	b.must(t, err)
	b.must(t, k.Fetch(t.Context()))
	for line, want := range map[string]string{
		`line "one"`: "***", `{"a":"line \"one\""}`: `{"a":"***"}`, "?x=b%2Fc+d": "?x=***", multiline: "***", "no": "no",
	} {
		if got := k.Redact(line); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
}
