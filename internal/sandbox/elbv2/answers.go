package elbv2

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/proxy"
	"bluegreen/internal/sandbox/wire"
)

// redirectStatus are the codes of redirects.
var redirectStatus = map[types.RedirectActionStatusCodeEnum]int{
	types.RedirectActionStatusCodeEnumHttp301: 301,
	types.RedirectActionStatusCodeEnumHttp302: 302,
}

// compileRedirect gives the parts that a request leaves out the values that keep them as they are.
func compileRedirect(l *listener, in *types.RedirectActionConfig) (*types.RedirectActionConfig, *proxy.Redirect, error) {
	if in == nil {
		return nil, nil, wire.Errorf("ValidationError", "A redirect config must be specified for an action of type 'redirect'")
	}
	status, ok := redirectStatus[in.StatusCode]
	if !ok {
		return nil, nil, wire.Errorf("ValidationError", "'%s' is not a valid redirect status code", in.StatusCode)
	}
	d := &proxy.Redirect{
		Status:   status,
		Protocol: valueOr(in.Protocol, "#{protocol}"),
		Host:     valueOr(in.Host, "#{host}"),
		Port:     valueOr(in.Port, "#{port}"),
		Path:     valueOr(in.Path, "/#{path}"),
		Query:    valueOr(in.Query, "#{query}"),
	}
	switch port, err := strconv.Atoi(d.Port); {
	case !slices.Contains([]string{"#{protocol}", "HTTP", "HTTPS"}, d.Protocol):
		return nil, nil, wire.Errorf("ValidationError", "'%s' is not a valid redirect protocol", d.Protocol)
	case d.Port != "#{port}" && (err != nil || port < 1 || port > 65535):
		return nil, nil, wire.Errorf("ValidationError", "'%s' is not a valid redirect port", d.Port)
	case !strings.HasPrefix(d.Path, "/"):
		return nil, nil, wire.Errorf("ValidationError", "Redirect path '%s' must begin with '/'", d.Path)
	case l.secure() && d.Protocol == "HTTP":
		return nil, nil, wire.Errorf("InvalidLoadBalancerAction", "A redirect from HTTPS to HTTP is not allowed")
	case loops(l, d):
		return nil, nil, wire.Errorf("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop")
	}
	return &types.RedirectActionConfig{
		StatusCode: in.StatusCode, Protocol: &d.Protocol, Host: &d.Host, Port: &d.Port, Path: &d.Path, Query: &d.Query,
	}, d, nil
}

// loops says whether a redirect leads back to where it came from.
func loops(l *listener, d *proxy.Redirect) bool {
	same := func(value, keyword, current string) bool { return value == keyword || value == current }
	return same(d.Protocol, "#{protocol}", string(l.protocol)) && same(d.Port, "#{port}", strconv.Itoa(int(l.port))) &&
		d.Host == "#{host}" && d.Path == "/#{path}"
}

func valueOr(v *string, otherwise string) string {
	if aws.ToString(v) == "" {
		return otherwise
	}
	return *v
}

var (
	fixedStatus  = pattern.Lazy(`^[245]\d\d$`)
	contentTypes = []string{"text/plain", "text/css", "text/html", "application/javascript", "application/json"}
)

const maxMessageBody = 1024

func compileFixed(in *types.FixedResponseActionConfig) (*proxy.Fixed, error) {
	if in == nil {
		return nil, wire.Errorf("ValidationError", "A fixed-response config must be specified for an action of type 'fixed-response'")
	}
	f := &proxy.Fixed{ContentType: aws.ToString(in.ContentType), Body: aws.ToString(in.MessageBody)}
	switch {
	case !fixedStatus().MatchString(aws.ToString(in.StatusCode)):
		return nil, wire.Errorf("ValidationError", "'%s' is not a valid fixed-response status code", aws.ToString(in.StatusCode))
	case f.ContentType != "" && !slices.Contains(contentTypes, f.ContentType):
		return nil, wire.Errorf("ValidationError", "Content type '%s' must be one of %s", f.ContentType, quoted(contentTypes))
	case len(f.Body) > maxMessageBody:
		return nil, wire.Errorf("ValidationError", "The message body cannot be longer than %d characters", maxMessageBody)
	}
	f.Status, _ = strconv.Atoi(*in.StatusCode) // three digits
	return f, nil
}
