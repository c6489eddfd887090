package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

// checker notes what is wrong with a value, unless it could not even be decoded.
type checker struct{ *config.Faults }

func (c checker) fault(path string, value any, want string, args ...any) {
	if !c.Has(path) {
		c.Add(path, value, want, args...)
	}
}

// match checks a text that may be empty.
func (c checker) match(path, value string, form pattern.Func, want string) {
	if value != "" && !form().MatchString(value) {
		c.fault(path, value, "%s", want)
	}
}

func (c checker) within(path string, n, low, high int) {
	if n < low || n > high {
		c.fault(path, n, "must be from %d to %d", low, high)
	}
}

func (c checker) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.fault(path, value, "must be one of %s", strings.Join(known, ", "))
	}
}

func (c checker) between(path string, d, low, high time.Duration) {
	if d < low || d > high {
		c.fault(path, d, "must be from %s to %s", config.Span(low), config.Span(high))
	}
}

// list checks each of a list, and that none is there twice.
func (c checker) list(path string, values []string, form pattern.Func, want string) {
	for i, v := range values {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !form().MatchString(v):
			c.fault(at, v, "%s", want)
		case slices.Index(values, v) < i:
			c.fault(at, v, "stands there twice")
		}
	}
}

var (
	appName   = pattern.Lazy(`^[a-z][a-z0-9-]{0,20}$`)
	region    = pattern.Lazy(`^[a-z]{2,8}(-[a-z]+)+-\d{1,2}$`)
	parameter = pattern.Lazy(`^(/[\w.-]+)+$`)
	amiID     = pattern.Lazy(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	owner     = pattern.Lazy(`^(\d{12}|self|amazon|aws-marketplace)$`)
	amiFilter = pattern.Lazy(`^[\w ()\[\]./'@*?-]{3,128}$`)
	bucket    = pattern.Lazy(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	keyPrefix = pattern.Lazy(`^[\w!.*'()/-]{1,200}$`)
	namespace = pattern.Lazy(`^[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}$`)
)

const wantRegion = `must be a region, such as "eu-west-1"`

func (s *Settings) validate(f *config.Faults) {
	c := checker{f}
	if s.App == "" {
		c.fault("app", nil, "must be set")
	}
	c.match("app", s.App, appName, "must be 1 to 21 lower-case letters, digits or hyphens, a letter first")
	c.match("region", s.Region, region, wantRegion)
	s.validateImage(c)
	s.Base.validate(c)
	s.validateFiles(c)
	s.validateBuild(c)
	s.validateStaging(c)
	s.validateVerify(c)
	s.validatePromote(c)
	s.Prune.validate(c, s.Promote.Shared())
	c.between("lease.term", s.Lease.Term, 10*time.Second, time.Hour)
	if n := s.Notify.Namespace; n != "" && (!namespace().MatchString(n) || strings.HasPrefix(n, "AWS/")) {
		c.fault("notify.namespace", n, "must be a namespace of CloudWatch, and not one of AWS's own")
	}
}

const wantImage = `must be a reference with a tag or a digest, such as "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2"`

func (s *Settings) validateImage(c checker) {
	if s.Image == "" {
		c.fault("image", nil, wantImage)
		return
	}
	named, err := reference.ParseNormalizedNamed(s.Image)
	switch {
	case strings.HasPrefix(s.Image, "ssm:"):
		c.fault("image", s.Image, wantImage+": an AMI has one image in it, which the agent of an instance may replace")
	case err != nil:
		c.fault("image", s.Image, wantImage+" (%v)", err)
	case reference.IsNameOnly(named):
		c.fault("image", s.Image, wantImage+": without a tag, it would be whatever is latest")
	}
}

// fromECR says whether the app's image is in a registry of ECR that wants a login.
func (s *Settings) fromECR() bool {
	host, _, _ := strings.Cut(s.Image, "/")
	return strings.Contains(host, ".dkr.ecr") || strings.Contains(host, ".dkr-ecr")
}

func (b *Base) validate(c checker) {
	ways := 0
	for _, way := range []bool{b.Parameter != "", b.AMI != "", b.Filter != Filter{}} {
		if way {
			ways++
		}
	}
	if ways > 1 {
		c.fault("base", nil, "must have just one of parameter, ami and filter")
	}
	c.match("base.parameter", b.Parameter, parameter, `must be the path of a parameter, such as "`+DefaultParameter+`"`)
	c.match("base.ami", b.AMI, amiID, `must be the id of an AMI, such as "ami-0123456789abcdef0"`)
	if b.Filter == (Filter{}) {
		return
	}
	if b.Filter.Owner == "" { // or anybody could publish one of that name
		c.fault("base.filter.owner", nil, "must be set: anybody can publish an AMI of any name")
	}
	c.match("base.filter.owner", b.Filter.Owner, owner, `must be an account of 12 digits, "self", "amazon" or "aws-marketplace"`)
	if !amiFilter().MatchString(b.Filter.Name) {
		c.fault("base.filter.name", b.Filter.Name, `must be a name of AMIs, maybe with * and ?, such as "debian-12-amd64-*"`)
	}
	c.oneOf("base.filter.architecture", b.Filter.Architecture, "x86_64", "arm64")
}

func (s *Settings) validateStaging(c checker) {
	if s.Staging.Bucket == "" && s.Agent.Package != "" {
		c.fault("staging.bucket", nil, "must be set: agent.package is too large for user data")
	}
	c.match("staging.bucket", s.Staging.Bucket, bucket, "must be the name of a bucket")
	if p := s.Staging.Prefix; !keyPrefix().MatchString(p) {
		c.fault("staging.prefix", p, `must be the beginning of keys in the bucket, such as "amibake"`)
	}
}

// reportLag is how far what EC2 reports of the use that other accounts make of an AMI may be behind: a day for instances, and some
// days for launch templates, which it does not say more of. A week leaves room.
const reportLag = 7 * Day

func (p *Prune) validate(c checker, shared bool) {
	c.within("prune.keep", p.Keep, 1, 1000)
	if p.YoungerThan < Day {
		c.fault("prune.younger_than", p.YoungerThan, "must be at least 1d: a new AMI may be about to be used")
	}
	if p.Disable < Age(time.Hour) {
		c.fault("prune.disable_after", p.Disable, "must be at least 1h: so long may somebody need to notice")
	}
	if p.Deregister < Day {
		c.fault("prune.deregister_after", p.Deregister, "must be at least 1d: there is no way back from it")
	}
	const behind = "must be at least %s where AMIs are shared: reports of their use in other accounts are days behind"
	if shared && p.Disable < reportLag {
		c.fault("prune.disable_after", p.Disable, behind, reportLag)
	}
	if shared && p.Deregister < reportLag {
		c.fault("prune.deregister_after", p.Deregister, behind, reportLag)
	}
	if p.Orphans < Age(time.Hour) {
		c.fault("prune.orphans_after", p.Orphans, "must be at least 1h: an image may be about to be registered")
	}
}
