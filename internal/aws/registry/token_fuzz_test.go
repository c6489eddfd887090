package registry

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// Whatever ECR gives for a token is read whole or not at all, and no error says anything of it.
func FuzzToken(f *testing.F) {
	for _, token := range []string{
		base64.StdEncoding.EncodeToString([]byte("AWS:t0ken")), base64.StdEncoding.EncodeToString([]byte("AWS:a:b\n")),
		base64.StdEncoding.EncodeToString([]byte(":")), base64.StdEncoding.EncodeToString([]byte("AWS:")), "", "AWS:t0ken", "QVdT\n", "\x00",
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := parse(types.AuthorizationData{AuthorizationToken: &text})
		if err != nil {
			if token != (Token{}) {
				t.Errorf("%q is no token, and %+v", text, token)
			}
			if said := err.Error(); said != "the token is not base64" && said != "the token is not a user and a password" {
				t.Errorf("%q: %s", text, said)
			}
			return
		}
		plain, err := base64.StdEncoding.DecodeString(text)
		if err != nil || string(plain) != token.User+":"+token.Password.Reveal() {
			t.Errorf("%q is read as %q and %q: %v", text, token.User, token.Password.Reveal(), err)
		}
		if token.User == "" || strings.Contains(token.User, ":") || token.Password.Reveal() == "" {
			t.Errorf("%q has the user %q", text, token.User)
		}
	})
}
