package wire_test

import (
	"strings"
	"testing"
)

// TestRefusals is what the front itself has to say, in every protocol.
func TestRefusals(t *testing.T) {
	const (
		vpcs      = "DescribeVpcs"
		balancers = "DescribeLoadBalancers"
		batch     = "/2013-04-01/hostedzone/Z1/rrset/"
		list      = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
	)
	unsigned := form("", "Action", balancers, "Version", "2015-12-01")
	damaged := form("elasticloadbalancing")
	damaged.body = "Action=%zz"
	incomplete := form("x")
	incomplete.header["Authorization"] = "AWS4-HMAC-SHA256 Signature=0"
	short := form("x")
	short.header["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKID/eu-west-1, Signature=0"
	noGzip := form("ec2")
	noGzip.header["Content-Encoding"] = "gzip"
	large := form("ec2")
	large.body = strings.Repeat("a", 9<<20)

	for name, c := range map[string]struct {
		request raw
		status  int
		want    string // in the body
	}{
		"unsigned":                {unsigned, 403, "<Code>MissingAuthenticationToken</Code>"},
		"no credential":           {incomplete, 400, "<Code>IncompleteSignature</Code>"},
		"half a credential":       {short, 400, "<Code>IncompleteSignature</Code>"},
		"no such service":         {form("sqs"), 400, `does not have the service &#34;sqs&#34;`},
		"no such service in json": {jsonCall("ecs", "ECS.X", "{}"), 400, `"__type":"UnknownOperationException"`},
		"protocol not spoken":     {jsonCall("ec2", "EC2.X", "{}"), 400, `does not speak this protocol`},
		"too large":               {large, 413, "<Code>RequestEntityTooLarge</Code>"},
		"not gzip":                {noGzip, 400, "<Code>MalformedInput</Code>"},

		"query: damaged":       {damaged, 400, "<Code>MalformedQueryString</Code>"},
		"query: no action":     {form("elasticloadbalancing"), 400, "<Code>MissingAction</Code>"},
		"query: other version": {form("elasticloadbalancing", "Action", balancers, "Version", "2012-06-01"), 400, "<Code>InvalidAction</Code>"},
		"query: no operation": {
			form("elasticloadbalancing", "Action", "CreateRule", "Version", "2015-12-01"), 400,
			"<Type>Sender</Type><Code>InvalidAction</Code><Message>this sandbox does not have the operation CreateRule of elasticloadbalancing",
		},
		"query: not a number": {
			form("elasticloadbalancing", "Action", balancers, "Version", "2015-12-01", "PageSize", "ten"), 400,
			"<Code>MalformedInput</Code><Message>PageSize: &#34;ten&#34; is not a whole number",
		},
		"query: not a list": {
			form("elasticloadbalancing", "Action", balancers, "Version", "2015-12-01", "Names", "a"), 400, "<Code>MalformedInput</Code>",
		},
		"query: both value and structure": {
			form("elasticloadbalancing", "Action", balancers, "Version", "2015-12-01", "Names", "a", "Names.member.1", "b"), 400,
			"<Code>MalformedInput</Code>",
		},

		"ec2: no operation":     {form("ec2", "Action", "DescribeAddresses", "Version", "2016-11-15"), 400, "<Response><Errors><Error><Code>InvalidAction</Code>"},
		"ec2: unknown":          {form("ec2", "Action", vpcs, "Version", "2016-11-15", "Filter.1.Title", "a"), 400, "<Code>UnknownParameter</Code><Message>The parameter Filter.1.Title is"},
		"ec2: not a boolean":    {form("ec2", "Action", vpcs, "Version", "2016-11-15", "DryRun", "perhaps"), 400, "<Code>InvalidParameterValue</Code>"},
		"ec2: not an index":     {form("ec2", "Action", vpcs, "Version", "2016-11-15", "VpcId.one", "a"), 400, "<Code>InvalidParameterValue</Code><Message>The value of parameter VpcId.one"},
		"rest-xml: no such":     {raw{service: "route53", method: "PUT", path: "/2013-04-01/hostedzone"}, 400, "<Code>InvalidAction</Code>"},
		"rest-xml: other root":  {raw{service: "route53", method: "POST", path: batch, body: "<X/>"}, 400, "<Code>MalformedInput</Code>"},
		"rest-xml: not XML":     {raw{service: "route53", method: "POST", path: batch, body: "<X"}, 400, "<Code>MalformedInput</Code>"},
		"rest-xml: not in type": {raw{service: "route53", method: "POST", path: batch, body: "<ChangeResourceRecordSetsRequest><ChangeBatch><Alterations/></ChangeBatch></ChangeResourceRecordSetsRequest>"}, 400, "ChangeBatch.Alterations: not a member"},
		"json: no operation":    {jsonCall("ssm", "AmazonSSM.ListDocuments", "{}"), 400, `"__type":"UnknownOperationException"`},
		"json: other target":    {jsonCall("ssm", "AmazonSNS.GetParameter", "{}"), 400, `"__type":"UnknownOperationException"`},
		"json: not JSON":        {jsonCall("ssm", "AmazonSSM.GetParameter", "{"), 400, `"__type":"SerializationException"`},
		"json: more after it":   {jsonCall("ssm", "AmazonSSM.GetParameter", "{}{}"), 400, `"__type":"SerializationException"`},
		"json: not a string":    {jsonCall("ssm", "AmazonSSM.GetParameter", `{"Name":1}`), 400, `"message":"Name: a number where a string was expected"`},
		"cbor: other path":      {cborCall("/service/Other/operation/ListMetrics", ""), 400, "UnknownOperationException"},
		"cbor: not CBOR":        {cborCall(list, "\xa1"), 400, "SerializationException"},
		"cbor: not a string":    {cborCall(list, "\xa1\x69Namespace\x01"), 400, "Namespace: a CBOR cbor.Uint where a string was expected"},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.request.send(answering(func() error { t.Error("the operation was called"); return nil }))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("got status %d, want %d with %q:\n%s", w.Code, c.status, c.want, w.Body)
			}
			if w.Header().Get("X-Amzn-Requestid") == "" || w.Header().Get("Date") == "" {
				t.Errorf("no request id or no date in %v", w.Header())
			}
		})
	}
}
