package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const account = "123456789012"

// The hosts of ECR, as AWS lists them.
var hosts = map[string]Registry{
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com":                      {account, "eu-west-1", false, false},
	"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com":                 {account, "us-east-1", true, false},
	"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com":                  {account, "us-gov-west-1", false, false},
	"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com":             {account, "us-gov-west-1", true, false},
	"123456789012.dkr-ecr.eu-west-1.on.aws":                             {account, "eu-west-1", false, true},
	"123456789012.dkr-ecr-fips.us-west-2.on.aws":                        {account, "us-west-2", true, true},
	"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":                  {account, "cn-north-1", false, false},
	"123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn":   {account, "cn-northwest-1", false, true},
	"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu":                  {account, "eusc-de-east-1", false, false},
	"123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu":       {account, "eusc-de-east-1", false, true},
	"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov":                     {account, "us-iso-east-1", false, false},
	"123456789012.dkr-ecr.us-iso-east-1.on.aws.ic.gov":                  {account, "us-iso-east-1", false, true},
	"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov":                 {account, "us-isob-east-1", false, false},
	"123456789012.dkr-ecr.us-isob-east-1.on.aws.scloud":                 {account, "us-isob-east-1", false, true},
	"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk":                {account, "eu-isoe-west-1", false, false},
	"123456789012.dkr-ecr.eu-isoe-west-1.on.cloud-aws.adc-e.uk":         {account, "eu-isoe-west-1", false, true},
	"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov":               {account, "us-isof-south-1", false, false},
	"123456789012.dkr-ecr-fips.us-isof-south-1.on.aws.hci.ic.gov":       {account, "us-isof-south-1", true, true},
	"123456789012.DKR.ECR.EU-WEST-1.AmazonAWS.com":                      {account, "eu-west-1", false, false},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com:443":                  {account, "eu-west-1", false, false},
	"123456789012.dkr.ecr.a-region-that-is-new-today-9.amazonaws.com:1": {account, "a-region-that-is-new-today-9", false, false},
	"123456789012.dkr.ecr.ap-southeast-5.amazonaws.com:65535":           {account, "ap-southeast-5", false, false},
	"000000000000.dkr-ecr.ap-southeast-5.on.aws":                        {"000000000000", "ap-southeast-5", false, true},
	"":                                   {},
	":":                                  {},
	"docker.io":                          {},
	"localhost:5000":                     {},
	"public.ecr.aws":                     {},
	"ecr-public.aws.com":                 {},
	"ecr.eu-west-1.amazonaws.com":        {},
	"api.ecr.eu-west-1.amazonaws.com":    {},
	"123456789012":                       {},
	"123456789012.dkr.ecr":               {},
	"123456789012.dkr.ecr.amazonaws.com": {},
	"12345678901.dkr.ecr.eu-west-1.amazonaws.com":                        {},
	"1234567890123.dkr.ecr.eu-west-1.amazonaws.com":                      {},
	"12345678901x.dkr.ecr.eu-west-1.amazonaws.com":                       {},
	"123456789012.dkr.ecr-FIPZ.us-east-1.amazonaws.com":                  {},
	"123456789012.dkr.ecr..amazonaws.com":                                {},
	"123456789012.dkr.ecr.eu_west_1.amazonaws.com":                       {},
	"123456789012.dkr.ecr.-.amazonaws.com":                               {},
	"123456789012.dkr.ecr.eu-.amazonaws.com":                             {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com.":                      {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com:":                      {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com:0":                     {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com:65536":                 {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com:443:443":               {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com/app":                   {},
	"123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.test":             {},
	"evil.test.123456789012.dkr.ecr.eu-west-1.amazonaws.com":             {},
	"evil.test/123456789012.dkr.ecr.eu-west-1.amazonaws.com":             {},
	"user@123456789012.dkr.ecr.eu-west-1.amazonaws.com":                  {},
	"https://123456789012.dkr.ecr.eu-west-1.amazonaws.com":               {},
	"123456789012.dkr.ecr.eu-west-1.on.aws":                              {}, // a name of IPv4 under the domain of both
	"123456789012.dkr-ecr.eu-west-1.amazonaws.com":                       {}, // and the other way round
	"123456789012.d\u212ar.ecr.eu-west-1.amazonaws.com":                  {}, // the sign for kelvin, whose lower case is k
	"123456789012.dkr.dkr-ecr.eu-west-1.on.aws":                          {},
	"123456789012.ecr.eu-west-1.amazonaws.com":                           {},
	"123456789012.dkr.ecr.vpce.eu-west-1.amazonaws.com":                  {},
	"vpce-0a1b.dkr.ecr.eu-west-1.vpce.amazonaws.com":                     {},
	"123456789012.dkr.ecr." + strings.Repeat("a", 64) + ".amazonaws.com": {},
}

func TestParseHost(t *testing.T) {
	for host, want := range hosts {
		got, ok := ParseHost(host)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != Registry{}) {
			t.Errorf("%s: %v (-want +got):\n%s", host, ok, diff)
		}
	}
}

// host writes a registry's host again.
func (r Registry) host(suffix string) string {
	endpoint := "ecr"
	if r.FIPS {
		endpoint += "-fips"
	}
	if r.DualStack {
		return r.Account + ".dkr-" + endpoint + "." + r.Region + "." + suffix
	}
	return r.Account + ".dkr." + endpoint + "." + r.Region + "." + suffix
}

// A login is never sent to a host that is not under a domain of AWS, and a host says all that is read from it.
func FuzzParseHost(f *testing.F) {
	for host := range hosts {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		r, ok := ParseHost(host)
		if !ok {
			if r != (Registry{}) {
				t.Fatalf("%q is no registry, but %+v", host, r)
			}
			return
		}
		name, _, _ := strings.Cut(strings.ToLower(host), ":")
		for _, s := range suffixes {
			if name == r.host(s.ipv4) && !r.DualStack || name == r.host(s.dualStack) && r.DualStack {
				return
			}
		}
		t.Fatalf("%q was read as %+v", host, r)
	})
}
