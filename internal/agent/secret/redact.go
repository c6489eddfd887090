package secret

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const (
	mask     = "***"
	shortest = 4 // bytes of a text that is looked for: anything shorter is everywhere
)

// redactor knows texts that must not be seen.
type redactor struct {
	texts    map[string]bool
	replacer *strings.Replacer
}

func newRedactor() *redactor {
	return &redactor{texts: map[string]bool{}, replacer: strings.NewReplacer()}
}

// add takes in a secret: as it is, each of its lines, and as it looks in JSON, in an address and in base64.
func (r *redactor) add(secret string) {
	before := len(r.texts)
	for _, text := range append(strings.Split(secret, "\n"), secret) {
		text = strings.TrimSpace(text)
		inJSON, _ := json.Marshal(text) // a string never fails
		for _, form := range []string{
			text, string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(text), url.PathEscape(text),
			base64.StdEncoding.EncodeToString([]byte(text)),
		} {
			if len(text) >= shortest {
				r.texts[form] = true
			}
		}
	}
	if len(r.texts) == before {
		return
	}
	var pairs []string
	// The longest first: one secret may be part of another.
	texts := make([]string, 0, len(r.texts))
	for t := range r.texts {
		texts = append(texts, t)
	}
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, t := range texts {
		pairs = append(pairs, t, mask)
	}
	r.replacer = strings.NewReplacer(pairs...)
}

func (r *redactor) redact(text string) string { return r.replacer.Replace(text) }
