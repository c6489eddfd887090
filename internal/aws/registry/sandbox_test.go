package registry_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/awserr"
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

// A tag stands for the digest of what was pushed last by that name, be it an image or a list of images.
func TestDigestOfWhatWasPushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		acct.Lock()
		service := ecr.New(acct)
		host := service.Host()
		password, _ := service.Token()
		acct.Unlock()
		front := wire.NewFront(acct, service.API())
		cfg, err := session.Load(t.Context(), session.Options{
			Region: "us-east-1", HTTP: wire.Transport(front), Endpoint: "http://sandbox", Credentials: stack.Credentials(),
		})
		if err != nil {
			t.Fatal(err)
		}
		repository := "team/shop"
		if _, err := sdk.NewFromConfig(cfg).CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: &repository}); err != nil {
			t.Fatal(err)
		}
		push := func(method, path, kind, content string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+"/v2/"+repository+path, strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			r.SetBasicAuth("AWS", password)
			answer, err := wire.Transport(front.Beside(service.Registry())).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusCreated {
				t.Fatalf("%s %s: %s", method, path, answer.Status)
			}
		}
		digest := func(content string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content))) }
		const config, prefix = `{"architecture":"amd64","os":"linux"}`, "application/vnd.oci.image."
		manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"%smanifest.v1+json","config":{"mediaType":"%sconfig.v1+json","size":%d,"digest":%q},"layers":[]}`,
			prefix, prefix, len(config), digest(config))
		index := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"%sindex.v1+json","manifests":[{"mediaType":"%smanifest.v1+json","size":%d,"digest":%q}]}`,
			prefix, prefix, len(manifest), digest(manifest))
		push(http.MethodPost, "/blobs/uploads/?digest="+digest(config), "application/octet-stream", config)
		push(http.MethodPut, "/manifests/v1", prefix+"manifest.v1+json", manifest)
		push(http.MethodPut, "/manifests/latest", prefix+"index.v1+json", index)

		client := registry.New(cfg)
		for reference, want := range map[string]string{
			":v1": digest(manifest), "": digest(index), "@" + digest(manifest): digest(manifest), ":gone@" + digest(index): digest(index),
		} {
			if got, err := client.Digest(t.Context(), host+"/"+repository+reference); got != want || err != nil {
				t.Errorf("%q: %s, %v, want %s", reference, got, err, want)
			}
		}
		for _, reference := range []string{":v2", "@" + digest("none")} {
			if got, err := client.Digest(t.Context(), host+"/"+repository+reference); got != "" || !errors.Is(err, awserr.ErrNotFound) {
				t.Errorf("%q: %s, %v", reference, got, err)
			}
		}
	})
}
