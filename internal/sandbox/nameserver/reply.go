package nameserver

import "github.com/miekg/dns"

// reply turns the bytes of a query into the bytes of an answer that fits; nil is no answer.
func reply(packed []byte, handle handler, size func(query *dns.Msg) int) []byte {
	query := &dns.Msg{}
	err := query.Unpack(packed)
	if query.Response || len(packed) < 12 {
		return nil // an answer to an answer could go on for ever
	}
	var answer *dns.Msg
	switch {
	case err != nil, query.Opcode == dns.OpcodeQuery && len(query.Question) != 1:
		answer = &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeFormatError}}
	case query.Opcode != dns.OpcodeQuery:
		answer = &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeNotImplemented}}
	case badVersion(query):
		answer = &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeBadVers}}
	default:
		if answer = handle(query); answer == nil {
			return nil
		}
	}
	answer.Id, answer.Opcode, answer.Response = query.Id, query.Opcode, true
	answer.RecursionDesired, answer.CheckingDisabled = query.RecursionDesired, query.CheckingDisabled
	if err == nil {
		answer.Question = query.Question
	}
	if query.IsEdns0() != nil {
		answer.SetEdns0(maxPacket, false)
	}
	answer.Compress = true
	answer.Truncate(size(query))
	out, err := answer.Pack()
	if err != nil {
		answer.Answer, answer.Ns, answer.Extra, answer.Rcode = nil, nil, nil, dns.RcodeServerFailure
		out, _ = answer.Pack()
	}
	return out
}

func badVersion(query *dns.Msg) bool {
	opt := query.IsEdns0()
	return opt != nil && opt.Version() != 0
}
