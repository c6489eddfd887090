package elbv2

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const showServer = "routing.http.response.server.enabled"

// responseHeaders are the listener attributes that set a header on each response, by key.
var responseHeaders = map[string]string{
	"routing.http.response.strict_transport_security.header_value":        "Strict-Transport-Security",
	"routing.http.response.access_control_allow_origin.header_value":      "Access-Control-Allow-Origin",
	"routing.http.response.access_control_allow_methods.header_value":     "Access-Control-Allow-Methods",
	"routing.http.response.access_control_allow_headers.header_value":     "Access-Control-Allow-Headers",
	"routing.http.response.access_control_allow_credentials.header_value": "Access-Control-Allow-Credentials",
	"routing.http.response.access_control_expose_headers.header_value":    "Access-Control-Expose-Headers",
	"routing.http.response.access_control_max_age.header_value":           "Access-Control-Max-Age",
	"routing.http.response.content_security_policy.header_value":          "Content-Security-Policy",
	"routing.http.response.x_content_type_options.header_value":           "X-Content-Type-Options",
	"routing.http.response.x_frame_options.header_value":                  "X-Frame-Options",
}

var httpSchema = schema{
	{showServer, "true", boolean},
	{"routing.http.response.strict_transport_security.header_value", "", upTo(1024)},
	{"routing.http.response.access_control_allow_origin.header_value", "", upTo(1024)},
	{"routing.http.response.access_control_allow_methods.header_value", "", upTo(1024)},
	{"routing.http.response.access_control_allow_headers.header_value", "", upTo(1024)},
	{"routing.http.response.access_control_allow_credentials.header_value", "", or(oneOf(""), boolean)},
	{"routing.http.response.access_control_expose_headers.header_value", "", upTo(1024)},
	{"routing.http.response.access_control_max_age.header_value", "", or(oneOf(""), between(0, 86400))},
	{"routing.http.response.content_security_policy.header_value", "", upTo(1024)},
	{"routing.http.response.x_content_type_options.header_value", "", oneOf("", "nosniff")},
	{"routing.http.response.x_frame_options.header_value", "", upTo(1024)},
}

// httpsSchema has the names of the headers that tell a target about the client's side of TLS, too.
var httpsSchema = append(schema{
	tlsHeader("X-Amzn-Mtls-Clientcert-Serial-Number"),
	tlsHeader("X-Amzn-Mtls-Clientcert-Issuer"),
	tlsHeader("X-Amzn-Mtls-Clientcert-Subject"),
	tlsHeader("X-Amzn-Mtls-Clientcert-Validity"),
	tlsHeader("X-Amzn-Mtls-Clientcert-Leaf"),
	tlsHeader("X-Amzn-Mtls-Clientcert"),
	tlsHeader("X-Amzn-Tls-Version"),
	tlsHeader("X-Amzn-Tls-Cipher-Suite"),
}, httpSchema...)

func tlsHeader(name string) attribute {
	key := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	return attribute{"routing.http.request." + key + ".header_name", name, func(v string) bool { return v != "" && len(v) <= 40 }}
}

func (l *listener) schema() schema {
	if l.protocol == types.ProtocolEnumHttps {
		return httpsSchema
	}
	return httpSchema
}

// addedHeaders are what the attributes of l add to each response.
func (l *listener) addedHeaders() http.Header {
	h := http.Header{}
	for key, name := range responseHeaders {
		if v := l.attributes[key]; v != "" {
			h.Set(name, v)
		}
	}
	return h
}

func listenerAttribute(key, value string) types.ListenerAttribute {
	return types.ListenerAttribute{Key: aws.String(key), Value: aws.String(value)}
}

func (s *Service) modifyListenerAttributes(_ context.Context, in *sdk.ModifyListenerAttributesInput) (*sdk.ModifyListenerAttributesOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	next, err := l.schema().apply("Listener", l.attributes, each(in.Attributes, func(a types.ListenerAttribute) change {
		return change{aws.ToString(a.Key), aws.ToString(a.Value)}
	}))
	if err != nil {
		return nil, err
	}
	l.attributes = next
	s.changed(l.lb)
	return &sdk.ModifyListenerAttributesOutput{Attributes: list(l.schema(), next, listenerAttribute)}, nil
}

func (s *Service) describeListenerAttributes(_ context.Context, in *sdk.DescribeListenerAttributesInput) (*sdk.DescribeListenerAttributesOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeListenerAttributesOutput{Attributes: list(l.schema(), l.attributes, listenerAttribute)}, nil
}
