package registry

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/sealed"
)

// ecrAPI answers every call in the same way, and remembers the last one.
type ecrAPI struct {
	status int
	body   string
	asked  request
}

// request is what tells where a call goes and what it asks.
type request struct{ URL, Target, Scope, Body string }

func (e *ecrAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=AKIDEXAMPLE/")
	_, scope, _ = strings.Cut(scope, "/") // without the day
	scope, _, _ = strings.Cut(scope, "/aws4_request")
	e.asked = request{r.URL.String(), r.Header.Get("X-Amz-Target"), scope, string(body)}
	return &http.Response{
		StatusCode: e.status, Request: r, Body: io.NopCloser(strings.NewReader(e.body)),
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
	}, nil
}

// client is in eu-west-1.
func (e *ecrAPI) client(endpoint *string) *Client {
	return New(aws.Config{
		Region: "eu-west-1", BaseEndpoint: endpoint, HTTPClient: &http.Client{Transport: e},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	})
}

func answer(plain string, expires int64) string {
	return fmt.Sprintf(`{"authorizationData":[{"authorizationToken":%q,"expiresAt":%d,"proxyEndpoint":"https://x"}]}`,
		base64.StdEncoding.EncodeToString([]byte(plain)), expires)
}

// A call goes to the region of the registry, by the kind of endpoint that its host is of, or to an endpoint that is given.
func TestTokenAsksTheRegistrysRegion(t *testing.T) {
	ask := func(url, region string) request {
		return request{url, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", region + "/ecr", "{}"}
	}
	for host, want := range map[string]request{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":                ask("https://api.ecr.eu-west-1.amazonaws.com/", "eu-west-1"),
		"123456789012.dkr.ecr.us-east-1.amazonaws.com":                ask("https://api.ecr.us-east-1.amazonaws.com/", "us-east-1"),
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com":           ask("https://api.ecr-fips.us-east-1.amazonaws.com/", "us-east-1"),
		"123456789012.dkr-ecr.us-east-1.on.aws":                       ask("https://ecr.us-east-1.api.aws/", "us-east-1"),
		"123456789012.dkr-ecr-fips.us-east-1.on.aws":                  ask("https://ecr-fips.us-east-1.api.aws/", "us-east-1"),
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":            ask("https://api.ecr.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": ask("https://ecr.cn-north-1.api.amazonwebservices.com.cn/", "cn-north-1"),
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu":            ask("https://api.ecr.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1"),
		"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov":           ask("https://api.ecr.us-isob-east-1.sc2s.sgov.gov/", "us-isob-east-1"),
	} {
		for endpoint, url := range map[string]string{"": want.URL, "http://sandbox": "http://sandbox/"} {
			e := &ecrAPI{status: http.StatusOK, body: answer("AWS:hunter2", 1767312000)}
			var base *string
			if endpoint != "" {
				base = &endpoint
			}
			r, ok := ParseHost(host)
			got, err := e.client(base).Token(t.Context(), r)
			if !ok || err != nil {
				t.Errorf("%s: %v, %v", host, ok, err)
			}
			want := want
			want.URL = url
			if diff := cmp.Diff(want, e.asked); diff != "" {
				t.Errorf("%s asks (-want +got):\n%s", host, diff)
			}
			token := Token{User: "AWS", Password: sealed.New("hunter2"), Expires: time.Unix(1767312000, 0).UTC()}
			if diff := cmp.Diff(token, got); diff != "" {
				t.Errorf("%s gets (-want +got):\n%s", host, diff)
			}
		}
	}
}

var ireland = Registry{Account: account, Region: "eu-west-1"}

// An answer that is no token is an error of its own, and what stood in it is in no error.
func TestTokenThatIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		text   string
		kind   error
	}{
		"no data":     {200, `{}`, "ECR answered without one", nil},
		"empty data":  {200, `{"authorizationData":[]}`, "ECR answered without one", nil},
		"no token":    {200, `{"authorizationData":[{"expiresAt":1}]}`, "the token is not a user and a password", nil},
		"not base64":  {200, `{"authorizationData":[{"authorizationToken":"AWS:hunter2"}]}`, "the token is not base64", nil},
		"no user":     {200, answer(":hunter2", 1), "the token is not a user and a password", nil},
		"no password": {200, answer("hunter2:", 1), "the token is not a user and a password", nil},
		"no colon":    {200, answer("hunter2", 1), "the token is not a user and a password", nil},
		"denied": {
			400, `{"__type":"AccessDeniedException","message":"User: x is not authorized to perform: ecr:GetAuthorizationToken"}`,
			"User: x is not authorized to perform: ecr:GetAuthorizationToken (AccessDeniedException)", awserr.ErrDenied,
		},
		"expired role": {400, `{"__type":"ExpiredTokenException","message":"old"}`, "old (ExpiredTokenException)", awserr.ErrDenied},
		"throttled":    {400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, "Rate exceeded (ThrottlingException)", awserr.ErrThrottled},
		"broken":       {500, `{"__type":"ServerException","message":"oops"}`, "oops (ServerException)", awserr.ErrUnreachable},
	} {
		e := &ecrAPI{status: c.status, body: c.body}
		got, err := e.client(nil).Token(t.Context(), ireland)
		if err == nil || err.Error() != "get an ECR token in eu-west-1: "+c.text || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
		if c.kind != nil && !errors.Is(err, c.kind) || got != (Token{}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A colon can be part of a password.
func TestPasswordWithColons(t *testing.T) {
	e := &ecrAPI{status: http.StatusOK, body: answer("AWS:a:b:", 1)}
	if got, err := e.client(nil).Token(t.Context(), ireland); err != nil || got.Password.Reveal() != "a:b:" {
		t.Errorf("got %q, %v", got.Password.Reveal(), err)
	}
}

func TestTokenIsNotPrinted(t *testing.T) {
	token := Token{User: "AWS", Password: sealed.New("hunter2"), Expires: time.Unix(0, 0).UTC()}
	asJSON, err := json.Marshal(token)
	if want := `{"User":"AWS","Password":"[redacted]","Expires":"1970-01-01T00:00:00Z"}`; err != nil || string(asJSON) != want {
		t.Errorf("got %s, %v", asJSON, err)
	}
	if got := fmt.Sprintf("%v %+v %#v", token, &token, struct{ t Token }{token}); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}
