package elbv2

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/sandbox/wire"
)

// healthCheck is how the targets of a group are checked. Times are in seconds.
type healthCheck struct {
	protocol           types.ProtocolEnum
	port               string // a number, or trafficPort
	path               string // not for TCP
	matcher            string // statuses that pass, e.g. "200,300-302"; not for TCP
	interval, timeout  int32
	healthy, unhealthy int32 // thresholds
}

// trafficPort stands for the port on which a target gets its requests.
const trafficPort = "traffic-port"

// newHealthCheck has AWS's defaults for a group of a protocol.
func newHealthCheck(group types.ProtocolEnum) healthCheck {
	c := healthCheck{port: trafficPort, interval: 30, healthy: 5, unhealthy: 2}
	if group == types.ProtocolEnumHttp || group == types.ProtocolEnumHttps {
		c.protocol, c.path, c.matcher, c.timeout = types.ProtocolEnumHttp, "/", "200", 5
	} else {
		c.protocol, c.timeout = types.ProtocolEnumTcp, 10
	}
	return c
}

// checkChange is what a request says of a health check. What is nil or empty stays as it is.
type checkChange struct {
	enabled                               *bool
	protocol                              types.ProtocolEnum
	port, path                            *string
	matcher                               *types.Matcher
	interval, timeout, healthy, unhealthy *int32
}

func (c healthCheck) with(ch checkChange, httpGroup bool) (healthCheck, error) {
	if ch.enabled != nil && !*ch.enabled {
		return c, wire.Errorf("ValidationError", "Health check enabled must be true for target groups with target type 'instance' or 'ip'")
	}
	if ch.protocol != "" && ch.protocol != c.protocol {
		c.protocol = ch.protocol
		if c.tcp() {
			c.path, c.matcher = "", ""
		} else if c.path == "" {
			c.path, c.matcher = "/", "200-399"
		}
	}
	set(&c.port, ch.port)
	set(&c.path, ch.path)
	set(&c.interval, ch.interval)
	set(&c.timeout, ch.timeout)
	set(&c.healthy, ch.healthy)
	set(&c.unhealthy, ch.unhealthy)
	if ch.matcher != nil {
		if ch.matcher.GrpcCode != nil {
			return c, wire.Errorf("ValidationError", "gRPC codes can be specified only for target groups with protocol version GRPC")
		}
		set(&c.matcher, ch.matcher.HttpCode)
	}
	return c, c.validate(httpGroup)
}

func set[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}

func (c healthCheck) tcp() bool { return c.protocol == types.ProtocolEnumTcp }

func (c healthCheck) validate(httpGroup bool) error {
	port, err := strconv.Atoi(c.port)
	switch {
	case !slices.Contains([]types.ProtocolEnum{types.ProtocolEnumHttp, types.ProtocolEnumHttps, types.ProtocolEnumTcp}, c.protocol):
		return wire.Errorf("ValidationError", "Health check protocol '%s' must be one of 'HTTP, HTTPS, TCP'", c.protocol)
	case httpGroup && c.tcp():
		return wire.Errorf("ValidationError", "Health check protocol TCP is not supported for target groups with protocol HTTP or HTTPS")
	case c.port != trafficPort && (err != nil || port < 1 || port > 65535):
		return wire.Errorf("ValidationError", "Health check port '%s' must be 'traffic-port' or in the range 1-65535", c.port)
	case c.interval < 5 || c.interval > 300:
		return wire.Errorf("ValidationError", "Health check interval must be between 5 and 300 seconds")
	case c.timeout < 2 || c.timeout > 120:
		return wire.Errorf("ValidationError", "Health check timeout must be between 2 and 120 seconds")
	case c.timeout >= c.interval:
		return wire.Errorf("ValidationError", "Health check timeout (%d) must be smaller than the interval (%d)", c.timeout, c.interval)
	case c.healthy < 2 || c.healthy > 10:
		return wire.Errorf("ValidationError", "Healthy threshold count must be between 2 and 10")
	case c.unhealthy < 2 || c.unhealthy > 10:
		return wire.Errorf("ValidationError", "Unhealthy threshold count must be between 2 and 10")
	case c.tcp():
		if c.path != "" || c.matcher != "" {
			return wire.Errorf("InvalidConfigurationRequest", "A path and a matcher cannot be specified for TCP health checks")
		}
		return nil
	case !strings.HasPrefix(c.path, "/") || len(c.path) > 1024:
		return wire.Errorf("ValidationError", "Health check path '%s' must begin with a '/' character, and can have at most 1024 characters", c.path)
	}
	highest := 599
	if httpGroup {
		highest = 499
	}
	if _, ok := parseMatcher(c.matcher, highest); !ok {
		return wire.Errorf("ValidationError", "Health check matcher HTTP code '%s' must be within '200-%d' inclusive", c.matcher, highest)
	}
	return nil
}

type span struct{ low, high int }

// parseMatcher reads e.g. "200,202-204".
func parseMatcher(matcher string, highest int) ([]span, bool) {
	var spans []span
	for part := range strings.SplitSeq(matcher, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		from, err := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err != nil || err2 != nil || from < 200 || to > highest || from > to {
			return nil, false
		}
		spans = append(spans, span{from, to})
	}
	return spans, true
}

// accepts says whether a status passes the check.
func (c healthCheck) accepts() func(status int) bool {
	spans, _ := parseMatcher(c.matcher, 599) // valid since it was set
	return func(status int) bool {
		return slices.ContainsFunc(spans, func(s span) bool { return s.low <= status && status <= s.high })
	}
}

func (c healthCheck) portOf(traffic int32) int32 {
	if n, err := strconv.ParseInt(c.port, 10, 32); err == nil {
		return int32(n)
	}
	return traffic
}

func (g *targetGroup) checkPort(t *target) string {
	return strconv.Itoa(int(g.check.portOf(t.port)))
}
