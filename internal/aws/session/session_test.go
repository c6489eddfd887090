package session_test

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/imds"
	"bluegreen/internal/aws/registry"
	"bluegreen/internal/aws/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handler is a transport that answers by itself.
type handler func(http.ResponseWriter, *http.Request)

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h(w, r)
	out := w.Result()
	out.Request = r
	return out, nil
}

// instance is one in eu-north-1 with a role, unless its service is away or has no role for it.
type instance struct {
	down, bare bool
	asked      int
}

func (i *instance) metadata(w http.ResponseWriter, r *http.Request) {
	i.asked++
	switch item := strings.TrimPrefix(r.URL.Path, "/latest/"); {
	case i.down:
		http.Error(w, "down", http.StatusServiceUnavailable)
	case r.Method == http.MethodPut:
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
		_, _ = w.Write([]byte("token"))
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token":
		http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
	case item == "dynamic/instance-identity/document":
		_, _ = w.Write([]byte(`{"instanceId":"i-1","region":"eu-north-1"}`))
	case i.bare:
		http.NotFound(w, r)
	case item == "meta-data/iam/security-credentials/":
		_, _ = w.Write([]byte("shop-role"))
	case item == "meta-data/iam/security-credentials/shop-role":
		_, _ = w.Write([]byte(`{"Code":"Success","AccessKeyId":"ROLE","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-01T00:00:00Z"}`))
	default:
		http.NotFound(w, r)
	}
}

func (i *instance) client() *imds.Client { return imds.New(imds.Options{HTTP: handler(i.metadata)}) }

// bare is the environment of a service: no home, nothing of AWS.
func bare(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if name == "HOME" || strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // puts it back at the end
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Chdir(t.TempDir())
}

var shop = registry.Registry{Account: "123456789012", Region: "eu-north-1"}

const tokenAnswer = `{"authorizationData":[{"authorizationToken":"QVdTOmh1bnRlcjI=","expiresAt":1767312000}]}`

// key is by whose credentials a request is signed.
func key(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// With nothing but the instance, its region and its role are used.
func TestInstanceIsEnough(t *testing.T) {
	bare(t)
	synctest.Test(t, func(t *testing.T) {
		i := &instance{}
		asked := ""
		cfg, err := session.Load(t.Context(), session.Options{Instance: i.client(), HTTP: handler(func(w http.ResponseWriter, r *http.Request) {
			asked = key(r) + " " + r.URL.String()
			_, _ = w.Write([]byte(tokenAnswer))
		})})
		if err != nil || cfg.Region != "eu-north-1" {
			t.Fatalf("%q, %v", cfg.Region, err)
		}
		token, err := registry.New(cfg).Token(t.Context(), shop)
		if err != nil || token.User != "AWS" || asked != "ROLE https://api.ecr.eu-north-1.amazonaws.com/" {
			t.Errorf("%+v, %v, asked %s", token, err, asked)
		}
	})
}

// What stands in the environment goes before the instance, which is not asked then. A home directory is none of it.
func TestEnvironmentGoesFirst(t *testing.T) {
	const keys = "AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=s "
	type result struct {
		Region, Asked string
		Instance      bool // was asked
	}
	for name, c := range map[string]struct {
		env     string
		options session.Options
		want    result
	}{
		"nothing":        {"", session.Options{}, result{"eu-north-1", "ROLE https://api.ecr.eu-north-1.amazonaws.com/", true}},
		"region":         {"AWS_REGION=eu-west-3", session.Options{}, result{"eu-west-3", "ROLE https://api.ecr.eu-north-1.amazonaws.com/", true}},
		"default region": {"AWS_DEFAULT_REGION=eu-west-3", session.Options{}, result{"eu-west-3", "ROLE https://api.ecr.eu-north-1.amazonaws.com/", true}},
		"keys":           {keys, session.Options{}, result{"eu-north-1", "ENV https://api.ecr.eu-north-1.amazonaws.com/", true}},
		"all":            {keys + "AWS_REGION=eu-west-3", session.Options{}, result{"eu-west-3", "ENV https://api.ecr.eu-north-1.amazonaws.com/", false}},
		"endpoint":       {keys + "AWS_REGION=eu-west-3 AWS_ENDPOINT_URL=http://here", session.Options{}, result{"eu-west-3", "ENV http://here/", false}},
		"its endpoint":   {keys + "AWS_REGION=eu-west-3 AWS_ENDPOINT_URL_ECR=http://ecr", session.Options{}, result{"eu-west-3", "ENV http://ecr/", false}},
		"no endpoint": {
			keys + "AWS_REGION=eu-west-3 AWS_ENDPOINT_URL=http://here AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", session.Options{},
			result{"eu-west-3", "ENV https://api.ecr.eu-north-1.amazonaws.com/", false},
		},
		"FIPS": {keys + "AWS_REGION=eu-west-3 AWS_USE_FIPS_ENDPOINT=true", session.Options{}, result{"eu-west-3", "ENV https://api.ecr-fips.eu-north-1.amazonaws.com/", false}},
		"home": {"HOME=" + home(t), session.Options{}, result{"eu-north-1", "ROLE https://api.ecr.eu-north-1.amazonaws.com/", true}},
		"profile beside keys": {
			keys + "AWS_REGION=eu-west-3 AWS_PROFILE=ops", session.Options{},
			result{"eu-west-3", "ENV https://api.ecr.eu-north-1.amazonaws.com/", false},
		},
		"options": {
			keys + "AWS_REGION=eu-west-3 AWS_ENDPOINT_URL=http://here AWS_PROFILE=ops",
			session.Options{Region: "eu-west-2", Endpoint: "http://there", Credentials: credentials.NewStaticCredentialsProvider("GIVEN", "s", "")},
			result{"eu-west-2", "GIVEN http://there/", false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bare(t)
			set(t, c.env)
			i, got := &instance{}, result{}
			o := c.options
			o.Instance = i.client()
			o.HTTP = handler(func(w http.ResponseWriter, r *http.Request) {
				got.Asked = key(r) + " " + r.URL.String()
				_, _ = w.Write([]byte(tokenAnswer))
			})
			cfg, err := session.Load(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := registry.New(cfg).Token(t.Context(), shop); err != nil {
				t.Fatal(err)
			}
			got.Region, got.Instance = cfg.Region, i.asked > 0
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// home is a home directory with what the AWS CLI keeps in it.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config":      "[default]\nregion = us-west-1\nendpoint_url = http://home\n",
		"credentials": "[default]\naws_access_key_id = HOME\naws_secret_access_key = s\n",
	} {
		if err := os.MkdirAll(filepath.Join(dir, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// set sets variables: "A=1 B=2".
func set(t *testing.T, env string) {
	t.Helper()
	for _, pair := range strings.Fields(env) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

// An environment that means something else than what would be done is an error that says so.
func TestEnvironmentThatIsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const instead = " is set: unset it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without them the role of the instance is used"
	for env, want := range map[string]string{
		"AWS_PROFILE=ops": "AWS_PROFILE" + instead,
		"AWS_CONFIG_FILE=/a AWS_SHARED_CREDENTIALS_FILE=/b":                        "AWS_CONFIG_FILE" + instead + "\nAWS_SHARED_CREDENTIALS_FILE" + instead,
		"AWS_WEB_IDENTITY_TOKEN_FILE=/a AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/b": "AWS_WEB_IDENTITY_TOKEN_FILE" + instead + "\nAWS_CONTAINER_CREDENTIALS_RELATIVE_URI" + instead,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://a":                              "AWS_CONTAINER_CREDENTIALS_FULL_URI" + instead,
		"AWS_CA_BUNDLE=/none":           "read AWS_CA_BUNDLE: open /none: no such file or directory",
		"AWS_CA_BUNDLE=" + empty:        "read AWS_CA_BUNDLE: there is no certificate in " + empty,
		"AWS_USE_FIPS_ENDPOINT=perhaps": "read the AWS configuration of this environment: ",
	} {
		t.Run(env, func(t *testing.T) {
			bare(t)
			set(t, env)
			if _, err := session.Load(t.Context(), session.Options{Region: "eu-north-1"}); err == nil || err.Error() != want && (!strings.HasSuffix(want, ": ") || !strings.HasPrefix(err.Error(), want)) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// An instance that cannot be asked is an error that passes, also where it comes out of a call of another service.
func TestInstanceInTrouble(t *testing.T) {
	bare(t)
	synctest.Test(t, func(t *testing.T) {
		i := &instance{down: true}
		answers := handler(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tokenAnswer)) })
		if _, err := session.Load(t.Context(), session.Options{Instance: i.client(), HTTP: answers}); !awserr.Transient(err) ||
			!strings.HasPrefix(err.Error(), "find the AWS region of this instance (AWS_REGION would say it, too): ask the metadata service for the identity document: ") {
			t.Errorf("no region: %v", err)
		}
		cfg, err := session.Load(t.Context(), session.Options{Instance: i.client(), HTTP: answers, Region: "eu-north-1"})
		if err != nil {
			t.Fatal(err)
		}
		client := registry.New(cfg)
		if _, err := client.Token(t.Context(), shop); !errors.Is(err, awserr.ErrUnreachable) || !strings.Contains(err.Error(), "503") {
			t.Errorf("no credentials: %v", err)
		}
		i.down, i.bare = false, true
		if _, err := client.Token(t.Context(), shop); !errors.Is(err, awserr.ErrDenied) || errors.Is(err, awserr.ErrNotFound) || !strings.Contains(err.Error(), "the instance has no role") {
			t.Errorf("no role: %v", err)
		}
		i.bare = false
		if _, err := client.Token(t.Context(), shop); err != nil {
			t.Errorf("all is well again: %v", err)
		}
		i.down = true
		time.Sleep(3 * time.Hour) // longer than the credentials are used without asking for new ones
		if _, err := client.Token(t.Context(), shop); err != nil {
			t.Errorf("old credentials are better than none: %v", err)
		}
	})
}

// The certificates of AWS_CA_BUNDLE are believed.
func TestCABundle(t *testing.T) {
	bare(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tokenAnswer)) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of clients that do not believe it
	server.StartTLS()
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]bool{"": false, bundle: true} {
		t.Setenv("AWS_CA_BUNDLE", env)
		cfg, err := session.Load(t.Context(), session.Options{Instance: (&instance{}).client(), Endpoint: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		_, err = registry.New(cfg).Token(t.Context(), shop)
		if (err == nil) != want {
			t.Errorf("AWS_CA_BUNDLE=%s: %v", env, err)
		}
		cfg.HTTPClient.(interface{ GetTransport() *http.Transport }).GetTransport().CloseIdleConnections()
	}
}
