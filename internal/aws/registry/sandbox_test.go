package registry_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"bluegreen/internal/aws/registry"
	"bluegreen/internal/aws/session"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ecr"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A token opens the registry that it was got for, until it expires.
func TestTokenOpensTheRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		acct.Lock()
		service := ecr.New(acct)
		host := service.Host()
		acct.Unlock()
		front := wire.NewFront(acct, service.API())
		cfg, err := session.Load(t.Context(), session.Options{
			Region: "us-east-1", HTTP: wire.Transport(front), Endpoint: "http://sandbox", Credentials: stack.Credentials(),
		})
		if err != nil {
			t.Fatal(err)
		}
		r, ok := registry.ParseHost(host)
		if !ok {
			t.Fatalf("%s is no registry", host)
		}
		token, err := registry.New(cfg).Token(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if life := time.Until(token.Expires); token.User != "AWS" || life <= 11*time.Hour || life > 12*time.Hour {
			t.Errorf("a token for %s that lives for %s", token.User, life)
		}
		open := func(password string) int {
			t.Helper()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/v2/", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.SetBasicAuth(token.User, password)
			answer, err := wire.Transport(front.Beside(service.Registry())).RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			return answer.StatusCode
		}
		if got := open(token.Password.Reveal()); got != http.StatusOK {
			t.Errorf("with the token: %d", got)
		}
		if got := open("wrong"); got == http.StatusOK {
			t.Errorf("with another one: %d", got)
		}
		time.Sleep(time.Until(token.Expires) + time.Second)
		if got := open(token.Password.Reveal()); got == http.StatusOK {
			t.Errorf("with an old one: %d", got)
		}
	})
}
