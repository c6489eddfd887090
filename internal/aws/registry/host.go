package registry

import (
	"strconv"
	"strings"
	"unicode"
)

// Registry is the private ECR registry of an account in a region, and by which of its endpoints it is meant.
type Registry struct {
	Account   string // 12 digits
	Region    string
	FIPS      bool
	DualStack bool
}

// suffixes are the domains of the partitions of AWS: what follows the region in a host that speaks IPv4 only, and in one that
// speaks IPv6, too.
var suffixes = []struct{ ipv4, dualStack string }{
	{"amazonaws.com", "on.aws"}, // the commercial regions and GovCloud
	{"amazonaws.com.cn", "on.amazonwebservices.com.cn"},
	{"amazonaws.eu", "on.amazonwebservices.eu"},
	{"c2s.ic.gov", "on.aws.ic.gov"},
	{"sc2s.sgov.gov", "on.aws.scloud"},
	{"cloud.adc-e.uk", "on.cloud-aws.adc-e.uk"},
	{"csp.hci.ic.gov", "on.aws.hci.ic.gov"},
}

// endpoints are the kinds of a registry, by what stands between the account and the region in its host.
var endpoints = []struct {
	infix string
	kind  Registry
}{
	{"dkr.ecr.", Registry{}},
	{"dkr.ecr-fips.", Registry{FIPS: true}},
	{"dkr-ecr.", Registry{DualStack: true}},
	{"dkr-ecr-fips.", Registry{FIPS: true, DualStack: true}},
}

// ParseHost reads the host of an image reference, with or without a port, as
//
//	123456789012.dkr.ecr.eu-west-1.amazonaws.com
//	123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com
//	123456789012.dkr-ecr.eu-west-1.on.aws
//
// It is not ok for hosts that are no private ECR registry, and for public.ecr.aws: that one needs no login.
func ParseHost(host string) (r Registry, ok bool) {
	name, ok := hostname(host)
	if !ok {
		return Registry{}, false
	}
	account, rest, _ := strings.Cut(name, ".")
	for _, e := range endpoints {
		place, found := strings.CutPrefix(rest, e.infix)
		if !found {
			continue
		}
		region, suffix, _ := strings.Cut(place, ".")
		r = Registry{Account: account, Region: region, FIPS: e.kind.FIPS, DualStack: e.kind.DualStack}
		if isAccount(account) && isRegion(region) && r.under(suffix) {
			return r, true
		}
	}
	return Registry{}, false
}

// under says whether a registry's kind of host exists under a domain.
func (r Registry) under(suffix string) bool {
	for _, s := range suffixes {
		if r.DualStack && suffix == s.dualStack || !r.DualStack && suffix == s.ipv4 {
			return true
		}
	}
	return false
}

// hostname is a host in lower case and without its port. Letters beyond ASCII are refused: some have an ASCII letter as their
// lower case.
func hostname(host string) (string, bool) {
	if strings.ContainsFunc(host, func(c rune) bool { return c > unicode.MaxASCII }) {
		return "", false
	}
	name, port, found := strings.Cut(strings.ToLower(host), ":")
	if !found {
		return name, true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return name, err == nil && n > 0
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// isRegion says whether a text may be the name of a region. New ones come all the time, so there is no list.
func isRegion(s string) bool {
	return len(s) > 0 && len(s) <= 63 && s[0] >= 'a' && s[0] <= 'z' && !strings.HasSuffix(s, "-") &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
