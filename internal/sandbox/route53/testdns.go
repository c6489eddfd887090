package route53

import (
	"context"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/miekg/dns"
)

// TestDNSAnswer asks one of a public zone's name servers, as it is now. Where the client and the resolver are plays no part:
// no routing policy here looks at it.
func (s *Service) TestDNSAnswer(_ context.Context, in *sdk.TestDNSAnswerInput) (*sdk.TestDNSAnswerOutput, error) {
	z, err := s.zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	name, err := parseName(aws.ToString(in.RecordName))
	switch {
	case err != nil:
		return nil, invalidInput("%s", err)
	case z.private:
		return nil, invalidInput("TestDNSAnswer supports public hosted zones only")
	case !slices.Contains(in.RecordType.Values(), in.RecordType):
		return nil, invalidInput("'%s' is not a valid RecordType", in.RecordType)
	case !within(name, z.name):
		return nil, invalidInput("%s does not lie within the hosted zone %s", name, z.name)
	}
	for _, ip := range []*string{in.ResolverIP, in.EDNS0ClientSubnetIP} {
		if _, err := netip.ParseAddr(aws.ToString(ip)); ip != nil && err != nil {
			return nil, invalidInput("'%s' is not a valid IP address", *ip)
		}
	}
	server := z.servers + s.account.IntN(NameServers)
	m := s.Answer(server, dns.Question{Name: nameToDNS(name), Qtype: dns.StringToType[string(in.RecordType)], Qclass: dns.ClassINET})
	out := &sdk.TestDNSAnswerOutput{
		Nameserver:   aws.String(ServerName(server)),
		Protocol:     aws.String("UDP"),
		RecordName:   aws.String(name),
		RecordType:   in.RecordType,
		RecordData:   []string{},
		ResponseCode: aws.String(dns.RcodeToString[m.Rcode]),
	}
	for _, rr := range m.Answer {
		out.RecordData = append(out.RecordData, content(rr))
	}
	return out, nil
}
