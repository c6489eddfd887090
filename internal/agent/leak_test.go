package agent_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/agent/owner"
	"bluegreen/internal/docker/dockertest"
)

// TestNothingSecretIsLeft plants secrets wherever the agent gets any, has it use them all, and looks through all that it and
// Docker leave: logs, what is served, what Docker says of the containers, and every file.
func TestNothingSecretIsLeft(t *testing.T) {
	heard := &overheard{}
	w := newWorldOn(t, withECR(t, heard))
	w.overhearMetadata(heard)
	w.secret("db", `{"user":"shop","password":"`+planted[0]+`"}`)
	w.parameter("/shop/token", planted[1], ssmtypes.ParameterTypeSecureString)
	w.parameter("/shop/registry", planted[2], ssmtypes.ParameterTypeSecureString)
	const secrets = `
[secrets.DB_PASSWORD]
from = "secretsmanager:db#password"
[secrets.API_TOKEN]
from = "ssm:/shop/token"
`
	v1, v2 := w.push(dockertest.App{Version: "v1"}), w.pushToECR(dockertest.App{Version: "v2"}, "v2")
	w.registry.Require("puller", planted[2])
	w.configure(v1, secrets+`
[registry."`+w.registry.Host+`"]
username = "puller"
password = "ssm:/shop/registry"
`)
	w.setting("notice", `"1s"`)
	first := w.start()
	w.awaitReady()
	texts := w.served("with a registry that has a password")
	first.terminate()

	w.configure(v2, secrets)
	second := w.start()
	w.await("v2 alone", func() bool {
		all := w.containers(t.Context())
		return len(all) == 1 && all[0].Labels[owner.LabelImage] == v2 && w.status().Health.Ready
	})
	if got := w.ask("/read?path=/run/secrets/DB_PASSWORD"); got != planted[0] {
		t.Errorf("the app reads %q", got)
	}
	for what, text := range w.served("with ECR") {
		texts[what] = text
	}
	texts["log"] = first.log.String() + second.log.String()

	needles := map[string]string{"password of the database": planted[0], "token of the API": planted[1], "password of the registry": planted[2]}
	needles["login for the registry"] = base64.StdEncoding.EncodeToString([]byte("puller:" + planted[2]))
	for _, what := range []string{ecrToken, roleSecret, imdsToken} {
		some := heard.list(what)
		if len(some) == 0 {
			t.Errorf("no %s was used: the test has lost its point", what)
		}
		for n, secret := range some {
			needles[fmt.Sprintf("%s %d", what, n)] = secret
			needles[fmt.Sprintf("%s %d, as ECR gives it", what, n)] = base64.StdEncoding.EncodeToString([]byte("AWS:" + secret))
		}
	}
	for what, text := range texts {
		if text == "" {
			t.Errorf("there is no %s", what)
		}
		for _, needle := range found(text, needles) {
			t.Errorf("%s is in the %s", needle, what)
		}
	}
	files := filepath.Join(w.runDir(), "secrets")
	for _, dir := range []string{w.dir, w.runDir(), filepath.Dir(w.daemon.Root)} {
		for _, sight := range foundBelow(t, dir, files, needles) {
			t.Error(sight)
		}
	}
	if kept := foundBelow(t, files, "", needles); len(kept) != 2 {
		t.Errorf("where secrets are to be, there are %q", kept)
	}
}

// What registries sign for one download, and Docker's errors repeat, is neither logged nor shown.
func TestSignedURLsAreNotTold(t *testing.T) {
	w := newWorld(t)
	w.configure(w.push(dockertest.App{Version: "v1"}), "")
	w.registry.Intercept(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				http.Redirect(out, r, "http://127.0.0.1:1/elsewhere?X-Amz-Signature="+planted[0], http.StatusTemporaryRedirect)
				return
			}
			next.ServeHTTP(out, r)
		})
	})
	r := w.start()
	w.await("word of it", func() bool {
		return strings.Contains(r.log.String(), "127.0.0.1:1/elsewhere") && strings.Contains(w.status().Text(), "127.0.0.1:1/elsewhere")
	})
	texts := w.served("while nothing can be had")
	texts["log"] = r.log.String()
	for what, text := range texts {
		if strings.Contains(text, planted[0]) {
			t.Errorf("the signature is in the %s: %s", what, text)
		}
	}
	w.registry.Intercept(nil)
	w.awaitReady()
}

// served is all that the agent serves, and all that Docker says of the containers.
func (w *world) served(when string) map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	for _, path := range []string{"/health", "/live", "/status", "/metrics"} {
		for port, face := range map[int]string{w.port + 1: "public", w.port + 2: "admin"} {
			answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
			if err != nil {
				w.t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil {
				w.t.Fatal(err)
			}
			texts[fmt.Sprintf("%s face's %s %s", face, path, when)] = string(body)
		}
	}
	texts["status for people "+when] = w.status().Text()
	for _, c := range w.containers(w.t.Context()) {
		texts["inspection of "+c.Name+" "+when] = w.inspect("/containers/" + c.ID + "/json")
		texts["inspection of the image of "+c.Name+" "+when] = w.inspect("/images/" + c.ImageID + "/json")
	}
	return texts
}

// inspect asks the engine itself.
func (w *world) inspect(path string) string {
	w.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(w.daemon.Host, "unix://"))
	}}}
	answer, err := client.Get("http://docker" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s %v", path, answer.Status, err)
	}
	return string(body)
}

// found are the names of needles in a text.
func found(text string, needles map[string]string) (names []string) {
	for name, needle := range needles {
		if strings.Contains(text, needle) {
			names = append(names, name)
		}
	}
	return names
}

// foundBelow says which needles are in which files below a folder, but for one other folder.
func foundBelow(t *testing.T, dir, but string, needles map[string]string) (sights []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err): // Docker works
			return nil
		case err != nil:
			return err
		case path == but, d.IsDir() && d.Name() == "netns": // network namespaces look like files, and are none
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		for _, name := range found(string(content), needles) {
			sights = append(sights, name+" is in "+path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sights
}

// An app that writes its secret to its log and crashes is told of, and its secret is not.
func TestAppThatTellsItsSecret(t *testing.T) {
	w := newWorld(t)
	w.secret("db", planted[0])
	w.configure(w.push(dockertest.App{Version: "v1", Env: map[string]string{"APP_CRASH_AFTER": "2s"}}), `
[secrets.APP_SAY]
from = "secretsmanager:db"
env = true
`)
	r := w.start()
	w.await("word of the crash", func() bool { return strings.Contains(r.log.String(), "The app ended") })
	w.await("word of it at /status", func() bool { return strings.Contains(w.status().Text(), "exited with") })
	texts := w.served("of an app that crashes")
	texts["log"] = r.log.String()
	for what, text := range texts {
		if !strings.HasPrefix(what, "inspection") && strings.Contains(text, planted[0]) {
			t.Errorf("the secret is in the %s: %s", what, text)
		}
	}
}
