package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

var (
	account        = pattern.Lazy(`^\d{12}$`)
	organization   = pattern.Lazy(`^arn:aws[a-z-]*:organizations::\d{12}:organization/o-[a-z0-9]{10,32}$`)
	unit           = pattern.Lazy(`^arn:aws[a-z-]*:organizations::\d{12}:ou/o-[a-z0-9]{10,32}/ou-[a-z0-9-]{6,64}$`)
	launchTemplate = pattern.Lazy(`^lt-[0-9a-f]{8,17}$`)
)

// foreign are parameters that nobody but AWS can write.
const foreign = "/aws/"

func (s *Settings) validatePromote(c checker) {
	p := s.Promote
	c.match("promote.parameter", p.Parameter, parameter, `must be the path of a parameter, such as "/bluegreen/shop/ami"`)
	if strings.HasPrefix(strings.ToLower(p.Parameter), foreign) {
		c.fault("promote.parameter", p.Parameter, "must not begin with %s: those are AWS's", foreign)
	}
	if p.Parameter != "" && p.Parameter == s.Base.Parameter {
		c.fault("promote.parameter", p.Parameter, "must differ from base.parameter: each AMI would be made of the one before")
	}
	c.list("promote.regions", p.Regions, region, wantRegion)
	for i, r := range p.Regions {
		if r == s.Region {
			c.fault(fmt.Sprintf("promote.regions[%d]", i), r, "must differ from region: the AMI is there already")
		}
	}
	c.list("promote.accounts", p.Accounts, account, "must be an account of 12 digits, in quotes")
	c.list("promote.organizations", p.Organizations, organization, `must be the ARN of an organization, such as "arn:aws:organizations::123456789012:organization/o-abcdefghij"`)
	c.list("promote.units", p.Units, unit, `must be the ARN of an organizational unit, such as "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-cdefghij"`)
	c.match("promote.launch_template", p.LaunchTemplate, launchTemplate, "must be the id of a launch template")
	s.validateKeys(c)
}

// validateKeys checks that those who get an AMI can use it.
func (s *Settings) validateKeys(c checker) {
	p := s.Promote
	for _, r := range slices.Sorted(maps.Keys(p.KMSKeys)) {
		at, key := config.Join("promote.kms_keys", r), p.KMSKeys[r]
		c.match(at, key, kmsKey, wantKey)
		switch in := regionOf(key); {
		case key == "":
			c.fault(at, key, wantKey)
		case !slices.Contains(p.Regions, r):
			c.fault(at, key, "must be for one of promote.regions; in the region of the build, it is build.kms_key")
		case in != "" && in != r:
			c.fault(at, key, "must be a key of %s: this one is in %s", r, in)
		}
	}
	if in := regionOf(s.Build.KMSKey); in != "" && s.Region != "" && in != s.Region {
		c.fault("build.kms_key", s.Build.KMSKey, "must be a key of %s: this one is in %s", s.Region, in)
	}
	if !p.Shared() {
		return
	}
	const want = "must be a key of your own, because the AMI is to be shared: nobody else can use AWS's key"
	if amazons(s.Build.KMSKey) {
		c.fault("build.kms_key", s.Build.KMSKey, want)
	}
	for _, r := range p.Regions {
		if amazons(p.KMSKeys[r]) {
			c.fault(config.Join("promote.kms_keys", r), p.KMSKeys[r], want)
		}
	}
}

// amazons says whether a key is the one that AWS has for each account.
func amazons(key string) bool { return key == "" || strings.HasSuffix(key, "alias/aws/ebs") }

// regionOf is the region in an ARN; "" for what is none.
func regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[0] == "arn" {
		return parts[3]
	}
	return ""
}
