package ssm

import "github.com/aws/aws-sdk-go-v2/service/ssm/types"

// Value is the value of a parameter, as another service reads it that was given the name: a name, an ARN, or either with a
// version behind a colon. A secret is not read.
func (s *Service) Value(name string) (value string, ok bool) {
	found, err := s.find(name, false)
	if err != nil || found.Type == types.ParameterTypeSecureString {
		return "", false
	}
	return *found.Value, true
}

// Holders are the ARNs of the account's parameters whose value is the given one.
func (s *Service) Holders(value string) []string {
	var arns []string
	for _, p := range s.sorted() {
		if latest := p.latest(); !p.public && latest.kind != types.ParameterTypeSecureString && latest.value == value {
			arns = append(arns, s.arn(p))
		}
	}
	return arns
}
