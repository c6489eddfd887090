package imds

import (
	"strings"
	"time"
)

// How long the credentials of a role last, and how long before their end there are new ones.
const (
	credentialLife = 6 * time.Hour
	credentialLead = time.Hour
)

// credentials are those of an instance's role, as the service writes them.
type credentials struct {
	Code            string
	LastUpdated     string
	Type            string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string

	renew time.Time
}

// role is the role of an instance: that which is called as its instance profile. "" without one.
func (i Instance) role() string { return i.Profile[strings.LastIndex(i.Profile, "/")+1:] }

// current are the credentials of an instance's role now: the same ones until they are near their end.
func (s *Service) current(id string) *credentials {
	known, now := s.state(id), s.Account.Now()
	if c := known.credentials; c != nil && now.Before(c.renew) {
		return c
	}
	end := now.Add(s.Account.Scaled(credentialLife))
	known.credentials = &credentials{
		Code: "Success", LastUpdated: stamp(now), Type: "AWS-HMAC",
		AccessKeyID: "ASIA" + strings.ToUpper(s.Account.Hex(16)), SecretAccessKey: s.Account.Hex(40), Token: s.Account.Hex(128),
		Expiration: stamp(end), renew: end.Add(-s.Account.Scaled(credentialLead)),
	}
	return known.credentials
}

// RotateCredentials gives an instance's role new credentials at once. The account must be locked.
func (s *Service) RotateCredentials(instanceID string) { s.state(instanceID).credentials = nil }
