package ec2

import (
	"context"
	"fmt"

	"bluegreen/internal/sandbox/wire"
)

// In is the account's EC2 in another region, which is there when it is first asked for. It has resources of its own;
// instances can be looked after by neighbours in the account's own region only.
func (s *Service) In(region string) *Service {
	if region == "" {
		return s
	}
	if there, ok := s.regions[region]; ok {
		return there
	}
	there := newService(s.Options, region)
	there.regions, there.profiles = s.regions, s.profiles // IAM has no regions
	s.regions[region] = there
	return there
}

// Region is where this EC2 is.
func (s *Service) Region() string { return s.region }

// arn names a resource of this region.
func (s *Service) arn(resource string) string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:%s", s.region, s.Account.ID, resource)
}

// op registers an operation, which takes place in the region that its request was signed for.
func op[In, Out any](home *Service, name string, handle func(*Service, context.Context, *In) (*Out, error)) wire.Operation {
	return wire.Op(name, func(ctx context.Context, in *In) (*Out, error) {
		return handle(home.In(wire.Region(ctx)), ctx, in)
	})
}
