package elbv2

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

// Fields of conditions.
const (
	hostField   = "host-header"
	pathField   = "path-pattern"
	headerField = "http-header"
	methodField = "http-request-method"
	queryField  = "query-string"
	sourceField = "source-ip"
)

const maxConditionValue = 128 // characters

var methodRule = pattern.Lazy(`^[A-Z_-]{1,40}$`)

// compileConditions checks the conditions of a rule, and gives them as AWS describes them and as the data plane tests them.
func compileConditions(in []types.RuleCondition) ([]types.RuleCondition, []proxy.Condition, error) {
	var described []types.RuleCondition
	var compiled []proxy.Condition
	seen := map[string]bool{}
	count := 0
	for _, c := range in {
		field := aws.ToString(c.Field)
		if seen[field] && field != headerField && field != queryField {
			return nil, nil, wire.Errorf("ValidationError", "A rule can have only one '%s' condition", field)
		}
		seen[field] = true
		d, test, n, err := compileCondition(field, c)
		if err != nil {
			return nil, nil, err
		}
		count += n
		described = append(described, d)
		compiled = append(compiled, test)
	}
	if count > maxConditionValues {
		return nil, nil, wire.Errorf("ValidationError", "A rule can only have '%d' condition values", maxConditionValues)
	}
	return described, compiled, nil
}

// compileCondition also says how many values the condition has.
func compileCondition(field string, c types.RuleCondition) (types.RuleCondition, proxy.Condition, int, error) {
	fail := func(err error) (types.RuleCondition, proxy.Condition, int, error) {
		return types.RuleCondition{}, nil, 0, err
	}
	out := types.RuleCondition{Field: c.Field}
	switch field {
	case hostField, pathField:
		text, values, regexps, err := compileText(field, c)
		if err != nil {
			return fail(err)
		}
		out.Values, out.RegexValues = values, regexps
		if field == hostField {
			out.HostHeaderConfig = &types.HostHeaderConditionConfig{Values: values, RegexValues: regexps}
			return out, proxy.HostHeader(text), len(values) + len(regexps), nil
		}
		out.PathPatternConfig = &types.PathPatternConditionConfig{Values: values, RegexValues: regexps}
		return out, proxy.PathPattern(text), len(values) + len(regexps), nil
	case headerField:
		test, n, err := compileHeader(c.HttpHeaderConfig)
		out.HttpHeaderConfig = c.HttpHeaderConfig
		return out, test, n, err
	case methodField:
		test, n, err := compileMethod(c.HttpRequestMethodConfig)
		out.HttpRequestMethodConfig = c.HttpRequestMethodConfig
		return out, test, n, err
	case queryField:
		test, n, err := compileQuery(c.QueryStringConfig)
		out.QueryStringConfig = c.QueryStringConfig
		return out, test, n, err
	case sourceField:
		test, n, err := compileSource(c.SourceIpConfig)
		out.SourceIpConfig = c.SourceIpConfig
		return out, test, n, err
	}
	return fail(wire.Errorf("ValidationError", "Condition field '%s' must be one of '[%s]'", field,
		strings.Join([]string{pathField, hostField, headerField, methodField, queryField, sourceField}, ", ")))
}

// compileText takes the values of a host or path condition from whichever of the two places they stand in.
func compileText(field string, c types.RuleCondition) (proxy.Text, []string, []string, error) {
	values, regexps := c.Values, c.RegexValues
	var configured, configuredRegexps []string
	if field == hostField && c.HostHeaderConfig != nil {
		configured, configuredRegexps = c.HostHeaderConfig.Values, c.HostHeaderConfig.RegexValues
	}
	if field == pathField && c.PathPatternConfig != nil {
		configured, configuredRegexps = c.PathPatternConfig.Values, c.PathPatternConfig.RegexValues
	}
	if len(configured)+len(configuredRegexps) > 0 {
		if len(values)+len(regexps) > 0 {
			return proxy.Text{}, nil, nil, wire.Errorf("ValidationError", "The values of a '%s' condition can be specified in only one place", field)
		}
		values, regexps = configured, configuredRegexps
	}
	text, err := newText(field, values, regexps)
	return text, values, regexps, err
}

func newText(field string, values, regexps []string) (proxy.Text, error) {
	text := proxy.Text{Patterns: values}
	if len(values)+len(regexps) == 0 {
		return text, wire.Errorf("ValidationError", "A '%s' condition must have at least one value", field)
	}
	for _, v := range values {
		if err := checkConditionValue(field, v); err != nil {
			return text, err
		}
	}
	for _, v := range regexps {
		if err := checkConditionValue(field, v); err != nil {
			return text, err
		}
		re, err := regexp.Compile(v)
		if err != nil {
			return text, wire.Errorf("ValidationError", "'%s' is not a valid regular expression", v)
		}
		text.Regexps = append(text.Regexps, re)
	}
	return text, nil
}

func checkConditionValue(field, v string) error {
	switch {
	case v == "":
		return wire.Errorf("ValidationError", "The values of a '%s' condition cannot be empty", field)
	case len(v) > maxConditionValue:
		return wire.Errorf("ValidationError", "The values of a '%s' condition cannot be longer than %d characters", field, maxConditionValue)
	case strings.Count(v, "*")+strings.Count(v, "?") > maxWildcards:
		return wire.Errorf("ValidationError", "A rule can only have '%d' wildcards", maxWildcards)
	}
	return nil
}

func compileHeader(c *types.HttpHeaderConditionConfig) (proxy.Condition, int, error) {
	if c == nil || aws.ToString(c.HttpHeaderName) == "" {
		return nil, 0, wire.Errorf("ValidationError", "An '%s' condition must name a header", headerField)
	}
	name := *c.HttpHeaderName
	if len(name) > 40 || strings.EqualFold(name, "host") {
		return nil, 0, wire.Errorf("ValidationError", "'%s' is not a valid header name for an '%s' condition", name, headerField)
	}
	text, err := newText(headerField, c.Values, c.RegexValues)
	return proxy.HTTPHeader(name, text), len(c.Values) + len(c.RegexValues), err
}

func compileMethod(c *types.HttpRequestMethodConditionConfig) (proxy.Condition, int, error) {
	if c == nil || len(c.Values) == 0 {
		return nil, 0, wire.Errorf("ValidationError", "An '%s' condition must have at least one value", methodField)
	}
	for _, m := range c.Values {
		if !methodRule().MatchString(m) {
			return nil, 0, wire.Errorf("ValidationError", "'%s' is not a valid HTTP method", m)
		}
	}
	return proxy.Method(c.Values), len(c.Values), nil
}

func compileQuery(c *types.QueryStringConditionConfig) (proxy.Condition, int, error) {
	if c == nil || len(c.Values) == 0 {
		return nil, 0, wire.Errorf("ValidationError", "A '%s' condition must have at least one value", queryField)
	}
	var pairs []proxy.QueryPair
	for _, v := range c.Values {
		if err := checkConditionValue(queryField, aws.ToString(v.Value)); err != nil {
			return nil, 0, err
		}
		pairs = append(pairs, proxy.QueryPair{Key: aws.ToString(v.Key), Value: aws.ToString(v.Value)})
	}
	return proxy.QueryString(pairs), len(pairs), nil
}

func compileSource(c *types.SourceIpConditionConfig) (proxy.Condition, int, error) {
	if c == nil || len(c.Values) == 0 {
		return nil, 0, wire.Errorf("ValidationError", "A '%s' condition must have at least one value", sourceField)
	}
	var networks []netip.Prefix
	for _, v := range c.Values {
		n, err := netip.ParsePrefix(v)
		if err != nil {
			return nil, 0, wire.Errorf("ValidationError", "'%s' is not a valid CIDR block", v)
		}
		networks = append(networks, n)
	}
	return proxy.SourceIP(networks), len(networks), nil
}
