package wire_test

import (
	"strings"
	"testing"
)

// Randomly chosen bytes as a body, or in place of parts of one.
func FuzzBodies(f *testing.F) {
	front := answering(func() error { return nil })
	requests := []raw{
		form("ec2", "Action", "DescribeVpcs", "Version", "2016-11-15", "Filter.1.Name", "a", "Filter.1.Value.1", "b", "MaxResults", "5"),
		form("elasticloadbalancing", "Action", "DescribeLoadBalancers", "Version", "2015-12-01", "Names.member.1", "a"),
		{service: "route53", method: "POST", path: "/2013-04-01/hostedzone/Z1/rrset/", body: "<ChangeResourceRecordSetsRequest><ChangeBatch>" +
			"<Changes><Change><ResourceRecordSet><TTL>60</TTL></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"},
		jsonCall("ssm", "AmazonSSM.GetParameter", `{"Name":"/a","WithDecryption":true}`),
		cborCall("/service/GraniteServiceVersion20100801/operation/ListMetrics", "\xa1\x6aDimensions\x81\xa1\x64Name\x61a"),
	}
	for i, r := range requests {
		f.Add(i, []byte(r.body))
		f.Add(i, []byte(""))
		f.Add(i, []byte("\xff\x00"))
		f.Add(i, []byte(strings.Repeat("a.", 100)+"=1"))
		f.Add(i, []byte("Action=DescribeVpcs&Version=2016-11-15&Filter="+strings.Repeat("&Filter.99999999999999999999=1", 3)))
		f.Add(i, []byte(strings.Repeat("<a>", 5000)))
		f.Add(i, []byte(strings.Repeat("[", 100_000)))
		f.Add(i, []byte(strings.Repeat("\x81", 100_000)))
		f.Add(i, []byte("\x9b"+strings.Repeat("\xff", 15))) // a CBOR list that claims to be endless
	}
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		r := requests[uint(which)%uint(len(requests))]
		r.body = string(body)
		if w := r.send(front); w.Code >= 500 {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}
