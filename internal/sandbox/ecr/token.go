package ecr

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"bluegreen/internal/sandbox/account"
)

// User is the name that goes with every token.
const User = "AWS"

// tokenLife is how long a token is good for.
const tokenLife = 12 * time.Hour

// tokens gives passwords that say by themselves until when they are good.
type tokens struct {
	acct   *account.Account
	key    []byte // nil before the first token
	life   time.Duration
	before time.Time // what was given until then has expired
}

func newTokens(acct *account.Account) *tokens {
	return &tokens{acct: acct, life: tokenLife}
}

// password is what a token holds. It looks like ECR's: base64 of JSON that is nobody's business.
type password struct {
	Payload string `json:"payload"` // the seal, with what makes each password another
	Nonce   string `json:"nonce"`
	Type    string `json:"type"`
	Given   int64  `json:"given"` // milliseconds
	Expires int64  `json:"expiration"`
}

func (t *tokens) seal(p password) string {
	mac := hmac.New(sha256.New, t.key)
	fmt.Fprintf(mac, "%s %d %d", p.Nonce, p.Given, p.Expires)
	return hex.EncodeToString(mac.Sum(nil))
}

func (t *tokens) give() (text string, expires time.Time) {
	if t.key == nil {
		t.key = []byte(t.acct.Hex(32))
	}
	now := t.acct.Now()
	expires = now.Add(t.acct.Scaled(t.life)).Truncate(time.Millisecond)
	p := password{Nonce: t.acct.Hex(32), Type: "DATA_KEY", Given: now.UnixMilli(), Expires: expires.UnixMilli()}
	p.Payload = t.seal(p)
	document, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers can always be written
	}
	return base64.StdEncoding.EncodeToString(document), expires
}

// standing is what a password is worth.
type standing int

const (
	forged standing = iota
	expired
	good
)

func (t *tokens) check(text string) standing {
	document, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return forged
	}
	var p password
	if t.key == nil || json.Unmarshal(document, &p) != nil || !hmac.Equal([]byte(t.seal(p)), []byte(p.Payload)) {
		return forged
	}
	now := t.acct.Now()
	if !now.Before(time.UnixMilli(p.Expires)) || time.UnixMilli(p.Given).Before(t.before) {
		return expired
	}
	return good
}

// Token is a password for the registry, as GetAuthorizationToken gives them, and when it expires.
func (s *Service) Token() (password string, expires time.Time) { return s.tokens.give() }

// SetTokenLife sets how long tokens are good for, in the account's time, that are given from now on.
func (s *Service) SetTokenLife(d time.Duration) { s.tokens.life = d }

// ExpireTokens makes every token expire that has been given so far, however long it says that it is good for.
func (s *Service) ExpireTokens() { s.tokens.before = s.acct.Now().Add(time.Millisecond) }

// getAuthorizationToken gives a token for each registry that is asked for: the caller's own when none is.
func (s *Service) getAuthorizationToken(_ context.Context, in *sdk.GetAuthorizationTokenInput) (*sdk.GetAuthorizationTokenOutput, error) {
	registries := in.RegistryIds //nolint:staticcheck // deprecated, and in use
	if len(registries) == 0 {
		registries = []string{s.acct.ID}
	}
	if len(registries) > 10 {
		return nil, invalid("Invalid parameter at 'registryIds' failed to satisfy constraint: 'Member must have length less than or equal to 10'")
	}
	out := &sdk.GetAuthorizationTokenOutput{}
	for _, id := range registries {
		password, expires := s.tokens.give()
		out.AuthorizationData = append(out.AuthorizationData, types.AuthorizationData{
			AuthorizationToken: aws.String(base64.StdEncoding.EncodeToString([]byte(User + ":" + password))),
			ExpiresAt:          aws.Time(expires),
			ProxyEndpoint:      aws.String("https://" + s.host(id)),
		})
	}
	return out, nil
}
