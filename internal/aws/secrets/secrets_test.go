package secrets

import (
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

// manager answers every call in the same way, and remembers the last one.
type manager struct {
	status int
	body   string
	asked  string
}

func (m *manager) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	m.asked = r.URL.Host + " " + r.Header.Get("X-Amz-Target") + " " + string(body)
	return &http.Response{
		StatusCode: m.status, Request: r, Body: io.NopCloser(strings.NewReader(m.body)),
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
	}, nil
}

func (m *manager) client() *Client {
	return New(aws.Config{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: m},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	})
}

const secretARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-a1b2c3"

// holding is a secret that is a text.
func holding(text string) *manager {
	return &manager{status: http.StatusOK, body: fmt.Sprintf(
		`{"ARN":%q,"CreatedDate":1767312000.5,"Name":"shop/db","SecretString":%q,"VersionId":"v-1","VersionStages":["AWSCURRENT"]}`, secretARN, text)}
}

// The planted value must not come out in an error, whatever is asked of it.
const planted = "hunter2"

func TestGet(t *testing.T) {
	object := `{"password":"hunter2","port":5432,"big":12345678901234567890,"tls":true,"hosts":["a", "b"],"none":null,"":"nameless","a#b":"odd","empty":"","quoted":"\"\u2602\""}`
	for name, c := range map[string]struct {
		held, reference string
		value           string
		err             string
		missing         bool
	}{
		"whole":                 {planted, "shop/db", planted, "", false},
		"whole, by ARN":         {planted, secretARN, planted, "", false},
		"whole object":          {object, "shop/db", object, "", false},
		"nothing":               {"", "shop/db", "", "", false},
		"a text":                {object, "shop/db#password", planted, "", false},
		"a text, by ARN":        {object, secretARN + "#password", planted, "", false},
		"a number":              {object, "shop/db#port", "5432", "", false},
		"a number that is long": {object, "shop/db#big", "12345678901234567890", "", false},
		"a truth":               {object, "shop/db#tls", "true", "", false},
		"a list":                {object, "shop/db#hosts", `["a", "b"]`, "", false},
		"an empty text":         {object, "shop/db#empty", "", "", false},
		"escapes":               {object, "shop/db#quoted", `"☂"`, "", false},
		"a key with a hash":     {object, "shop/db#a#b", "odd", "", false},
		"null":                  {object, "shop/db#none", "", `read secret shop/db: key "none" is null: not found`, true},
		"a missing key":         {object, "shop/db#user", "", `read secret shop/db: key "user": not found`, true},
		"another case":          {object, "shop/db#Password", "", `read secret shop/db: key "Password": not found`, true},
		"no object":             {planted, "shop/db#password", "", `read secret shop/db: it is no JSON object, so that it has no key "password"`, false},
		"a list, no object":     {`["hunter2"]`, "shop/db#0", "", `read secret shop/db: it is no JSON object, so that it has no key "0"`, false},
		"null, no object":       {`null`, "shop/db#a", "", `read secret shop/db: it is no JSON object, so that it has no key "a"`, false},
		"half an object":        {`{"password":"hunter2"`, "shop/db#password", "", `read secret shop/db: it is no JSON object, so that it has no key "password"`, false},
		"no key":                {object, "shop/db#", "", `read secret "shop/db#": want NAME, ARN, or either with #KEY`, false},
		"no name":               {object, "#password", "", `read secret "#password": want NAME, ARN, or either with #KEY`, false},
		"no reference":          {object, "", "", `read secret "": want NAME, ARN, or either with #KEY`, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := holding(c.held)
			got, err := m.client().Get(t.Context(), c.reference)
			if c.err != "" {
				if err == nil || err.Error() != c.err || errors.Is(err, awserr.ErrNotFound) != c.missing || strings.Contains(err.Error(), planted) || got != (Secret{}) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			want := Secret{ARN: secretARN, Version: "v-1", Created: time.Unix(1767312000, 5e8).UTC(), Value: sealed.New(c.value)}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v, value %q (-want +got):\n%s", err, got.Value.Reveal(), diff)
			}
			id, _, _ := strings.Cut(c.reference, "#")
			if want := fmt.Sprintf(`secretsmanager.eu-west-1.amazonaws.com secretsmanager.GetSecretValue {"SecretId":%q}`, id); m.asked != want {
				t.Errorf("asked %s, want %s", m.asked, want)
			}
		})
	}
}

func TestBinary(t *testing.T) {
	m := &manager{status: http.StatusOK, body: `{"ARN":"a","SecretBinary":"AP9odW50ZXIy","VersionId":"v-1"}`}
	got, err := m.client().Get(t.Context(), "shop/key")
	if diff := cmp.Diff(Secret{ARN: "a", Version: "v-1", Value: sealed.New("\x00\xffhunter2")}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// An ARN is asked for where it says it is.
func TestRegionOfARN(t *testing.T) {
	for reference, want := range map[string]string{
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:a-b1b2b3":        "secretsmanager.us-east-1.amazonaws.com ",
		"arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a-b1b2b3":    "secretsmanager.cn-north-1.amazonaws.com.cn ",
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:a-b1b2b3#secret": "secretsmanager.us-east-1.amazonaws.com ",
		"arn":       "secretsmanager.eu-west-1.amazonaws.com ",
		"arn:a:b::": "secretsmanager.eu-west-1.amazonaws.com ",
	} {
		m := holding(`{"secret":"hunter2"}`)
		if _, err := m.client().Get(t.Context(), reference); err != nil || !strings.HasPrefix(m.asked, want) {
			t.Errorf("%s: %v, asked %s", reference, err, m.asked)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		text   string
		kind   error
	}{
		"missing": {
			400, `{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."}`,
			"Secrets Manager can't find the specified secret. (ResourceNotFoundException)", awserr.ErrNotFound,
		},
		"denied": {
			400, `{"__type":"AccessDeniedException","Message":"User: x is not authorized to perform: secretsmanager:GetSecretValue"}`,
			"User: x is not authorized to perform: secretsmanager:GetSecretValue (AccessDeniedException)", awserr.ErrDenied,
		},
		"deleted": {
			400, `{"__type":"InvalidRequestException","Message":"You can't perform this operation on the secret because it was marked for deletion."}`,
			"You can't perform this operation on the secret because it was marked for deletion. (InvalidRequestException)", nil,
		},
		"throttled": {400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, "Rate exceeded (ThrottlingException)", awserr.ErrThrottled},
		"broken":    {500, `{"__type":"InternalServiceError","Message":"oops"}`, "oops (InternalServiceError)", awserr.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			m := &manager{status: c.status, body: c.body}
			_, err := m.client().Get(t.Context(), "shop/db#password")
			if err == nil || err.Error() != "read secret shop/db: "+c.text || c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("got %v", err)
			}
			if c.kind == nil && (awserr.Transient(err) || errors.Is(err, awserr.ErrNotFound)) {
				t.Errorf("%v has a kind", err)
			}
		})
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	s := Secret{ARN: "a", Version: "v", Created: time.Unix(0, 0).UTC(), Value: sealed.New(planted)}
	asJSON, err := json.Marshal(s)
	if want := `{"ARN":"a","Version":"v","Created":"1970-01-01T00:00:00Z","Value":"[redacted]"}`; err != nil || string(asJSON) != want {
		t.Errorf("got %s, %v", asJSON, err)
	}
	if got := fmt.Sprintf("%v %+v %#v", s, &s, struct{ s Secret }{s}); strings.Contains(got, planted) {
		t.Error(got)
	}
}

// An object gives what encoding/json reads from it, or an error that quotes nothing of it.
func FuzzMember(f *testing.F) {
	for _, object := range []string{`{"k":"v"}`, `{"k":1}`, `{"k":null}`, `{"k":{"k":[]}}`, `{"k":"\ud800"}`, `{"k":"a","k":"b"}`, `null`, `[]`, `"k"`, `{`, ``} {
		f.Add(object)
	}
	f.Fuzz(func(t *testing.T, object string) {
		got, err := member(object, "k")
		if err != nil {
			if text := err.Error(); text != `key "k": not found` && text != `key "k" is null: not found` && text != `it is no JSON object, so that it has no key "k"` {
				t.Error(text)
			}
			return
		}
		var whole map[string]any
		if err := json.Unmarshal([]byte(object), &whole); err != nil {
			t.Fatalf("%q is no object, but its key is %q", object, got)
		}
		if text, is := whole["k"].(string); is && text != got {
			t.Errorf("%q: %q, want %q", object, got, text)
		} else if !is && !json.Valid([]byte(got)) {
			t.Errorf("%q: %q is no JSON", object, got)
		}
	})
}
