package elbv2

import (
	"fmt"
	"strings"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/wire"
)

// service in ARNs and signatures.
const service = "elasticloadbalancing"

// hostedZones are the zones that alias records to application load balancers name, by region.
var hostedZones = map[string]string{
	"af-south-1":     "Z268VQBMOI5EKX",
	"ap-east-1":      "Z3DQVH9N71FHZ0",
	"ap-northeast-1": "Z14GRHDCWA56QT",
	"ap-northeast-2": "ZWKZPGTI48KDX",
	"ap-northeast-3": "Z5LXEXXYW11ES",
	"ap-south-1":     "ZP97RAFLXTNZK",
	"ap-southeast-1": "Z1LMS91P8CMLE5",
	"ap-southeast-2": "Z1GM3OXH4ZPM65",
	"ca-central-1":   "ZQSVJUPU6J1EY",
	"eu-central-1":   "Z215JYRZR1TBD5",
	"eu-north-1":     "Z23TAZ6LKFMNIO",
	"eu-south-1":     "Z3ULH7SSC9OV64",
	"eu-west-1":      "Z32O12XQLNTSW2",
	"eu-west-2":      "ZHURV8PSTC4K8",
	"eu-west-3":      "Z3Q77PNBQS71R4",
	"me-south-1":     "ZS929ML54UICD",
	"sa-east-1":      "Z2P70J7HTTTPLU",
	"us-east-1":      "Z35SXDOTRQ7X7K",
	"us-east-2":      "Z3AADJGX6KTTL2",
	"us-west-1":      "Z368ELLRRE2KJ0",
	"us-west-2":      "Z1H1FL5HABSF5",
}

// hostedZone of the account's region. A region that is not in the table gets the zone of the default region: alias
// records only ever compare it with what DescribeLoadBalancers said.
func (s *Service) hostedZone() string {
	if id, ok := hostedZones[s.Account.Region]; ok {
		return id
	}
	return hostedZones["eu-west-1"]
}

var nameRule = pattern.Lazy(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// checkName holds the name of a load balancer or target group against AWS's rules.
func checkName(what, name string) error {
	switch {
	case name == "":
		return wire.Errorf("ValidationError", "%s name cannot be empty", what)
	case len(name) > 32:
		return wire.Errorf("ValidationError", "%s name '%s' cannot be longer than '32' characters", what, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return wire.Errorf("ValidationError", "%s name '%s' cannot begin or end with '-'", what, name)
	case !nameRule().MatchString(name):
		return wire.Errorf("ValidationError", "%s name '%s' contains characters that are not valid: only alphanumeric characters and hyphens are", what, name)
	}
	return nil
}

// kind of a resource, as in its ARN.
type kind string

const (
	balancerKind kind = "loadbalancer"
	groupKind    kind = "targetgroup"
	listenerKind kind = "listener"
	ruleKind     kind = "listener-rule"
)

// notFound are the words and codes for resources that do not exist.
var notFound = map[kind]struct{ code, word, message string }{
	balancerKind: {"LoadBalancerNotFound", "load balancer", "One or more load balancers not found"},
	groupKind:    {"TargetGroupNotFound", "target group", "One or more target groups not found"},
	listenerKind: {"ListenerNotFound", "listener", "One or more listeners not found"},
	ruleKind:     {"RuleNotFound", "rule", "One or more rules not found"},
}

// parseARN tells what an ARN names: its kind, and what stands behind the kind. ok is false for what is no ARN of this
// service.
func (s *Service) parseARN(arn string) (k kind, rest string, ok bool) {
	resource, found := strings.CutPrefix(arn, s.Account.ARN(service, ""))
	if !found {
		return "", "", false
	}
	first, rest, found := strings.Cut(resource, "/")
	_, known := notFound[kind(first)]
	return kind(first), rest, found && known
}

// checkARN refuses what cannot be the ARN of a k.
func (s *Service) checkARN(k kind, arn string) error {
	if got, _, ok := s.parseARN(arn); !ok || got != k {
		return wire.Errorf("ValidationError", "'%s' is not a valid %s ARN", arn, notFound[k].word)
	}
	return nil
}

func (s *Service) missing(k kind, what string) error {
	return wire.Errorf(notFound[k].code, "%s: %s", notFound[k].message, what)
}

// dimension is how CloudWatch names the load balancer or target group of an ARN, e.g. "app/NAME/ID" for the former and
// "targetgroup/NAME/ID" for the latter.
func (s *Service) dimension(arn string) string {
	k, rest, _ := s.parseARN(arn)
	if k == groupKind {
		return fmt.Sprintf("%s/%s", k, rest)
	}
	return rest
}
