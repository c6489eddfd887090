package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

var (
	instanceType  = pattern.Lazy(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	subnetID      = pattern.Lazy(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	securityGroup = pattern.Lazy(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	profile       = pattern.Lazy(`^([\w+=,.@-]{1,128}|arn:aws[a-z-]*:iam::\d{12}:instance-profile/[\w+=,.@/-]+)$`)
	kmsKey        = pattern.Lazy(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}|alias/[\w/-]+|arn:aws[a-z-]*:kms:[\w-]+:\d{12}:(key|alias)/[\w/-]+)$`)
	aptPackage    = pattern.Lazy(`^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+~:-]+)?$`)
	placeholder   = pattern.Lazy(`\{[^{}]*\}`)
	amiName       = pattern.Lazy(`^[\w ()\[\]./'@-]*$`)
	tagText       = pattern.Lazy(`^[\p{L}\p{N} _.:/=+@-]*$`)
)

const wantKey = `must be a key of KMS: its id, its ARN, or "alias/NAME"`

// maxName is how long an AMI's name may be. The time and the key take the rest of the limit of 128.
const (
	maxName   = 128
	timeWidth = 15 // 20060102-150405
	keyWidth  = 8
)

func (s *Settings) validateBuild(c checker) {
	b := s.Build
	c.oneOf("build.docker", b.Docker, DockerIO, DockerCE, NoDocker)
	c.oneOf("build.channel", b.Channel, Console, RunCommand)
	if !instanceType().MatchString(b.InstanceType) {
		c.fault("build.instance_type", b.InstanceType, `must be a type of instances, such as "t3.small"`)
	}
	if b.Subnet == "" {
		c.fault("build.subnet", nil, "must be set: a subnet from which the internet, or the endpoints of AWS and a mirror of the distribution, can be reached")
	}
	c.match("build.subnet", b.Subnet, subnetID, `must be the id of a subnet, such as "subnet-0123456789abcdef0"`)
	c.list("build.security_groups", b.SecurityGroups, securityGroup, `must be the id of a security group, such as "sg-0123456789abcdef0"`)
	switch {
	case b.InstanceProfile != "":
	case s.fromECR():
		c.fault("build.instance_profile", nil, "must be set: the builder logs in to ECR with the role that is in it")
	case b.Channel == RunCommand:
		c.fault("build.instance_profile", nil, "must be set: the SSM agent registers with the role that is in it, which needs AmazonSSMManagedInstanceCore")
	}
	c.match("build.instance_profile", b.InstanceProfile, profile, "must be the name or the ARN of an instance profile")
	if v := b.VolumeSize; v%config.GiB != 0 || v > 16*config.TiB || v < 0 {
		c.fault("build.volume_size", v, `must be whole GiB, at most 16TiB, such as "16GiB"`)
	}
	c.match("build.kms_key", b.KMSKey, kmsKey, wantKey)
	c.between("build.deadline", b.Deadline, time.Minute, 12*time.Hour)
	if b.Expiry < b.Deadline+s.Verify.Deadline {
		c.fault("build.expiry", b.Expiry, "must be at least build.deadline and verify.deadline together, %s: what has expired is swept away", config.Span(b.Deadline+s.Verify.Deadline))
	}
	c.list("build.packages", b.Packages, aptPackage, `must be a package of apt, such as "jq" or "jq=1.6-2.1"`)
	s.validateName(c)
	s.validateTags(c)
}

// validateName checks that no two AMIs can get the same name, and that AWS takes it.
func (s *Settings) validateName(c checker) {
	name := s.Build.Name
	known := map[string]int{"{app}": len(s.App), "{time}": timeWidth, "{key}": keyWidth}
	width := len(placeholder().ReplaceAllString(name, ""))
	for _, p := range placeholder().FindAllString(name, -1) {
		n, ok := known[p]
		if !ok {
			c.fault("build.name", name, "must have no placeholder but {app}, {time} and {key}")
			return
		}
		width += n
	}
	switch {
	case !amiName().MatchString(placeholder().ReplaceAllString(name, "")):
		c.fault("build.name", name, `must be made of letters, digits, blanks and ()[]./-'@_`)
	case !strings.Contains(name, "{time}") || !strings.Contains(name, "{key}"):
		c.fault("build.name", name, "must have {time} and {key} in it: a name can be had only once")
	case width > maxName:
		c.fault("build.name", name, "must come to at most %d characters: it comes to %d", maxName, width)
	}
}

// What our own tags begin with, or AWS's.
var reservedTags = []string{"aws:", "bluegreen:", "amibake:"}

// maxTags leaves room for our own: AWS takes 50.
const maxTags = 35

func (s *Settings) validateTags(c checker) {
	tags := s.Build.Tags
	if len(tags) > maxTags {
		c.fault("build.tags", nil, "must be at most %d: amibake has some of its own", maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		at, value := config.Join("build.tags", key), tags[key]
		reserved := func(prefix string) bool { return strings.HasPrefix(strings.ToLower(key), prefix) }
		switch {
		case slices.ContainsFunc(reservedTags, reserved) || key == "ManagedBy":
			c.fault(at, value, "is refused: amibake and AWS set such tags themselves")
		case key == "" || len([]rune(key)) > 128 || !tagText().MatchString(key):
			c.fault(at, value, "must have a key of 1 to 128 letters, digits, blanks and _.:/=+-@")
		case len([]rune(value)) > 256 || !tagText().MatchString(value):
			c.fault(at, value, "must be at most 256 letters, digits, blanks and _.:/=+-@")
		}
	}
}

func (s *Settings) validateVerify(c checker) {
	v := s.Verify
	c.match("verify.instance_type", v.InstanceType, instanceType, `must be a type of instances, such as "t3.small"`)
	c.between("verify.deadline", v.Deadline, time.Minute, 12*time.Hour)
	if v.BootLimit < time.Second || v.BootLimit > v.Deadline {
		c.fault("verify.boot_limit", v.BootLimit, "must be from 1s to verify.deadline, %s", config.Span(v.Deadline))
	}
	for i, p := range v.Ports {
		c.within(fmt.Sprintf("verify.ports[%d]", i), p, 1, 65535)
	}
}
