package route53

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
)

// healthCheck is a health check whose checkers see what SetHealthy tells them.
type healthCheck struct {
	id, callerReference string
	config              types.HealthCheckConfig
	unhealthy           bool
	tags                map[string]string
}

// checkerRegions is where health checkers are if a check does not say where.
var checkerRegions = []types.HealthCheckRegion{
	types.HealthCheckRegionUsEast1, types.HealthCheckRegionUsWest1, types.HealthCheckRegionUsWest2, types.HealthCheckRegionEuWest1,
	types.HealthCheckRegionApSoutheast1, types.HealthCheckRegionApSoutheast2, types.HealthCheckRegionApNortheast1, types.HealthCheckRegionSaEast1,
}

func noSuchHealthCheck(id string) error {
	return wire.Errorf("NoSuchHealthCheck", "No health check exists with the specified ID: %s", id).WithStatus(404)
}

// CreateHealthCheck makes a health check. Until SetHealthy says otherwise it is healthy, as one is on AWS that has no data yet.
func (s *Service) CreateHealthCheck(_ context.Context, in *sdk.CreateHealthCheckInput) (*sdk.CreateHealthCheckOutput, error) {
	if aws.ToString(in.CallerReference) == "" || in.HealthCheckConfig == nil {
		return nil, invalidInput("A health check must have a CallerReference and a HealthCheckConfig")
	}
	if !slices.Contains(in.HealthCheckConfig.Type.Values(), in.HealthCheckConfig.Type) {
		return nil, invalidInput("'%s' is not a valid Type", in.HealthCheckConfig.Type)
	}
	for _, c := range s.checks {
		if c.callerReference != *in.CallerReference {
			continue
		}
		if !reflect.DeepEqual(c.config, *in.HealthCheckConfig) {
			return nil, wire.Errorf("HealthCheckAlreadyExists",
				"A health check already exists with CallerReference %s and other settings", c.callerReference).WithStatus(409)
		}
		return c.describe(), nil
	}
	hex := s.account.Hex(32)
	c := &healthCheck{
		id:              fmt.Sprintf("%s-%s-%s-%s-%s", hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:]),
		callerReference: *in.CallerReference, config: *in.HealthCheckConfig, tags: map[string]string{},
	}
	s.checks[c.id] = c
	return c.describe(), nil
}

func (c *healthCheck) describe() *sdk.CreateHealthCheckOutput {
	config := c.config
	return &sdk.CreateHealthCheckOutput{
		HealthCheck: &types.HealthCheck{
			Id: &c.id, CallerReference: &c.callerReference, HealthCheckConfig: &config, HealthCheckVersion: aws.Int64(1),
		},
		Location: aws.String("https://route53.amazonaws.com/2013-04-01/healthcheck/" + c.id),
	}
}

// SetHealthy is what the checkers of a health check see from now on. It says false when there is no such check.
func (s *Service) SetHealthy(id string, healthy bool) bool {
	c := s.checks[id]
	if c != nil {
		c.unhealthy = !healthy
	}
	return c != nil
}

// healthy is a check's verdict: a disabled check is always healthy, an inverted one says the opposite of what it sees.
func (c *healthCheck) healthy() bool {
	return (aws.ToBool(c.config.Disabled) || !c.unhealthy) != aws.ToBool(c.config.Inverted)
}

// GetHealthCheckStatus tells what the checkers in each region see.
func (s *Service) GetHealthCheckStatus(_ context.Context, in *sdk.GetHealthCheckStatusInput) (*sdk.GetHealthCheckStatusOutput, error) {
	c := s.checks[aws.ToString(in.HealthCheckId)]
	if c == nil {
		return nil, noSuchHealthCheck(aws.ToString(in.HealthCheckId))
	}
	switch c.config.Type {
	case types.HealthCheckTypeCalculated, types.HealthCheckTypeCloudwatchMetric, types.HealthCheckTypeRecoveryControl:
		return nil, invalidInput("The status of a health check of type %s cannot be had from GetHealthCheckStatus", c.config.Type)
	}
	status := "Success: the endpoint is healthy"
	if c.unhealthy {
		status = "Failure: the endpoint is not healthy"
	}
	regions := c.config.Regions
	if regions == nil {
		regions = checkerRegions
	}
	out := &sdk.GetHealthCheckStatusOutput{}
	for i, region := range regions {
		checker := netip.AddrFrom4([4]byte{127, 0, 13, byte(1 + i)})
		out.HealthCheckObservations = append(out.HealthCheckObservations, types.HealthCheckObservation{
			IPAddress: aws.String(checker.String()), Region: region,
			StatusReport: &types.StatusReport{CheckedTime: aws.Time(s.account.Now()), Status: &status},
		})
	}
	return out, nil
}
