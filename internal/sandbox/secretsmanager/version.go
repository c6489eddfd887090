package secretsmanager

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/sandbox/wire"
)

const (
	maxValue    = 65536 // bytes
	maxLabels   = 20    // of one version
	maxVersions = 100   // beyond which those without labels are forgotten
)

// value is what a request wants a new version to hold.
type value struct {
	token  *string // which will be the version's id
	text   *string
	binary []byte
}

func (v value) given() bool { return v.text != nil || v.binary != nil }

func (v value) check() error {
	switch {
	case v.text != nil && v.binary != nil:
		return badParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	case v.token != nil && (len(*v.token) < 32 || len(*v.token) > 64):
		return badParameter("ClientRequestToken must be 32-64 characters long.")
	case len(aws.ToString(v.text)) > maxValue, len(v.binary) > maxValue:
		return validation("1 validation error detected: the secret value failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxValue)
	}
	return nil
}

// same says whether a version holds this value.
func (v value) same(other *version) bool {
	return (v.text == nil) == (other.text == nil) && aws.ToString(v.text) == aws.ToString(other.text) && bytes.Equal(v.binary, other.binary)
}

func (v *version) has(label string) bool { return slices.Contains(v.labels, label) }

// add makes a version of a secret and moves labels to it: AWSCURRENT if none are asked for. A version that is there already,
// with the same value, is what was asked for.
func (s *Service) add(to *secret, v value, labels []string) (*version, error) {
	if v.token == nil {
		v.token = aws.String(s.uuid())
	}
	if known := to.byID(*v.token); known != nil {
		if !v.same(known) {
			return nil, wire.Errorf("ResourceExistsException",
				"You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", *v.token, to.arn)
		}
		return known, nil
	}
	if len(labels) > maxLabels {
		return nil, validation("1 validation error detected: Value at 'versionStages' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxLabels)
	}
	if len(to.versions) == 0 && !slices.Contains(labels, current) || len(labels) == 0 {
		labels = append(slices.Clone(labels), current)
	}
	made := &version{id: *v.token, text: v.text, binary: v.binary, created: s.acct.Now()}
	to.versions = append(to.versions, made)
	for _, label := range labels {
		to.move(label, made)
	}
	to.changed = s.acct.Now()
	to.prune()
	return made, nil
}

// move gives a label to a version. What was current becomes the previous one.
func (s *secret) move(label string, to *version) {
	from := s.labelled(label)
	if from == to {
		return
	}
	if from != nil {
		from.labels = slices.DeleteFunc(slices.Clone(from.labels), func(l string) bool { return l == label })
		if label == current {
			s.move(previous, from)
		}
	}
	to.labels = append(slices.Clone(to.labels), label)
}

// prune forgets the oldest versions that have no label while there are too many.
func (s *secret) prune() {
	over := len(s.versions) - maxVersions
	s.versions = slices.DeleteFunc(s.versions, func(v *version) bool {
		if over <= 0 || len(v.labels) > 0 {
			return false
		}
		over--
		return true
	})
}

// uuid is a random identifier of a version.
func (s *Service) uuid() string {
	h := s.acct.Hex(32)
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}
