package ssm

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

const (
	maxStandardValue = 4096
	maxAdvancedValue = 8192
	maxStandard      = 10_000 // parameters of the standard tier
	maxVersions      = 100
	maxPattern       = 1024
	textData         = "text"
	defaultKey       = "alias/aws/ssm"
)

// nested is what would be a reference to another parameter.
var nested = pattern.Lazy(`\{\{.*\}\}`)

// putParameter makes a parameter or, if told to overwrite, a new version of it.
func (s *Service) putParameter(_ context.Context, in *sdk.PutParameterInput) (*sdk.PutParameterOutput, error) {
	if err := s.puts.take(s.acct.Now()); err != nil {
		return nil, err
	}
	if in.Name == nil {
		return nil, required("name")
	}
	name := strings.TrimSpace(*in.Name)
	if err := s.checkNewName(name); err != nil {
		return nil, err
	}
	if err := checkPut(in); err != nil {
		return nil, err
	}
	p := s.parameters[name]
	if p != nil && !aws.ToBool(in.Overwrite) {
		return nil, wire.Errorf("ParameterAlreadyExists",
			"The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	}
	next, err := s.nextVersion(in, p)
	if err != nil {
		return nil, err
	}
	if p == nil {
		p = &parameter{name: name, tags: map[string]string{}}
		if err := putTags(p.tags, in.Tags); err != nil {
			return nil, err
		}
		s.parameters[name] = p
	}
	p.versions = append(p.versions, *next)
	if over := len(p.versions) - maxVersions; over > 0 {
		p.versions = slices.Clone(p.versions[over:])
	}
	return &sdk.PutParameterOutput{Version: next.number, Tier: next.tier}, nil
}

// checkPut checks what needs no look at the parameter as it is.
func checkPut(in *sdk.PutParameterInput) error {
	switch value := aws.ToString(in.Value); {
	case in.Value == nil:
		return required("value")
	case value == "":
		return validation("Parameter value can't be empty.")
	case nested().MatchString(value):
		return validation("Parameter value: can't nest another parameter. Do not use {{ and }} around a part of it.")
	case in.Type != "" && !slices.Contains(in.Type.Values(), in.Type):
		return wire.Errorf("UnsupportedParameterType", "The parameter type %s is not supported.", in.Type)
	case in.Tier != "" && !slices.Contains(in.Tier.Values(), in.Tier):
		return validation("The value %s for Tier is invalid.", in.Tier)
	case in.DataType != nil && *in.DataType != textData:
		return validation("The data type %s is not supported here: only text is.", *in.DataType)
	case in.Policies != nil && *in.Policies != "" && *in.Policies != "[]":
		return wire.Errorf("InvalidPolicyTypeException", "Parameter policies are not supported here.")
	case len(in.Tags) > 0 && aws.ToBool(in.Overwrite):
		return validation("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please " +
			"remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case len(aws.ToString(in.Description)) > 1024:
		return validation("The description must not be longer than 1024 characters.")
	}
	return nil
}

// nextVersion is the version that a request asks for after the latest of p, which is nil for a new parameter.
func (s *Service) nextVersion(in *sdk.PutParameterInput, p *parameter) (*version, error) {
	next := &version{
		number: 1, value: *in.Value, kind: in.Type, dataType: textData, description: in.Description, pattern: in.AllowedPattern,
		modified: s.acct.Now(),
	}
	oldTier := types.ParameterTier("")
	if p != nil {
		old := p.latest()
		next.number = old.number + 1
		oldTier = old.tier
		if err := next.inherit(old); err != nil {
			return nil, err
		}
	}
	if next.kind == "" {
		return nil, validation("A parameter type is required when you create a parameter.")
	}
	switch {
	case next.kind == types.ParameterTypeSecureString && in.KeyId != nil:
		next.keyID = *in.KeyId
	case next.kind == types.ParameterTypeSecureString && next.keyID == "":
		next.keyID = defaultKey
	case next.kind != types.ParameterTypeSecureString && in.KeyId != nil:
		return nil, validation("KeyId goes with the type SecureString only.")
	}
	if err := next.checkPattern(); err != nil {
		return nil, err
	}
	tier, err := tierOf(in, oldTier)
	if err != nil {
		return nil, err
	}
	next.tier = tier
	if oldTier == "" && tier == types.ParameterTierStandard && s.standardCount() >= maxStandard {
		return nil, wire.Errorf("ParameterLimitExceeded", "The account has %d standard parameters, the most it may have.", maxStandard)
	}
	return next, nil
}

// inherit takes over from the version before what the request leaves out.
func (v *version) inherit(old *version) error {
	if v.kind != "" && v.kind != old.kind {
		return wire.Errorf("HierarchyTypeMismatchException",
			"Parameter Store does not support changing a parameter's type: it is %s, not %s.", old.kind, v.kind)
	}
	v.kind, v.keyID = old.kind, old.keyID
	if v.description == nil {
		v.description = old.description
	}
	if v.pattern == nil {
		v.pattern = old.pattern
	}
	return nil
}

func (v *version) checkPattern() error {
	if aws.ToString(v.pattern) == "" {
		return nil
	}
	form, err := regexp.Compile(*v.pattern)
	if err != nil || len(*v.pattern) > maxPattern {
		return wire.Errorf("InvalidAllowedPatternException", "The allowed pattern %s is not valid.", *v.pattern)
	}
	if !form.MatchString(v.value) {
		return wire.Errorf("ParameterPatternMismatchException",
			"Parameter value, cannot be validated against allowedPattern: %s", *v.pattern)
	}
	return nil
}

// tierOf decides the tier of a new version; before is "" for a new parameter.
func tierOf(in *sdk.PutParameterInput, before types.ParameterTier) (types.ParameterTier, error) {
	size, tier := len(*in.Value), in.Tier
	advanced := before == types.ParameterTierAdvanced
	switch {
	case tier == types.ParameterTierStandard && advanced:
		return "", validation("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the " +
			"advanced-parameter tier to the standard-parameter tier.")
	case tier == types.ParameterTierIntelligentTiering && size > maxStandardValue, advanced:
		tier = types.ParameterTierAdvanced
	case tier != types.ParameterTierAdvanced:
		tier = types.ParameterTierStandard
	}
	if tier == types.ParameterTierStandard && size > maxStandardValue {
		return "", validation("Standard tier parameters support a maximum parameter value of %d characters. To create a larger "+
			"parameter value, upgrade the parameter to use the advanced-parameter tier.", maxStandardValue)
	}
	if size > maxAdvancedValue {
		return "", validation("Advanced tier parameters support a maximum parameter value of %d characters.", maxAdvancedValue)
	}
	return tier, nil
}

func (s *Service) standardCount() int {
	n := 0
	for _, p := range s.parameters {
		if !p.public && p.latest().tier == types.ParameterTierStandard {
			n++
		}
	}
	return n
}
