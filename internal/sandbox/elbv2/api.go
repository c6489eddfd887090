package elbv2

import "bluegreen/internal/sandbox/wire"

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "elasticloadbalancing",
		Version:     "2015-12-01",
		Namespace:   "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		Protocols:   []wire.Protocol{wire.Query},
		Operations: []wire.Operation{
			wire.Op("CreateLoadBalancer", s.createLoadBalancer),
			wire.Op("DescribeLoadBalancers", s.describeLoadBalancers),
			wire.Op("DeleteLoadBalancer", s.deleteLoadBalancer),
			wire.Op("ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes),
			wire.Op("DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes),
			wire.Op("SetSecurityGroups", s.setSecurityGroups),
			wire.Op("SetSubnets", s.setSubnets),
			wire.Op("SetIpAddressType", s.setIPAddressType),
			wire.Op("DescribeCapacityReservation", s.describeCapacityReservation),
			wire.Op("DescribeAccountLimits", s.describeAccountLimits),

			wire.Op("CreateListener", s.createListener),
			wire.Op("DescribeListeners", s.describeListeners),
			wire.Op("ModifyListener", s.modifyListener),
			wire.Op("DeleteListener", s.deleteListener),
			wire.Op("ModifyListenerAttributes", s.modifyListenerAttributes),
			wire.Op("DescribeListenerAttributes", s.describeListenerAttributes),
			wire.Op("AddListenerCertificates", s.addListenerCertificates),
			wire.Op("RemoveListenerCertificates", s.removeListenerCertificates),
			wire.Op("DescribeListenerCertificates", s.describeListenerCertificates),

			wire.Op("CreateRule", s.createRule),
			wire.Op("DescribeRules", s.describeRules),
			wire.Op("ModifyRule", s.modifyRule),
			wire.Op("DeleteRule", s.deleteRule),
			wire.Op("SetRulePriorities", s.setRulePriorities),

			wire.Op("CreateTargetGroup", s.createTargetGroup),
			wire.Op("DescribeTargetGroups", s.describeTargetGroups),
			wire.Op("ModifyTargetGroup", s.modifyTargetGroup),
			wire.Op("DeleteTargetGroup", s.deleteTargetGroup),
			wire.Op("ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes),
			wire.Op("DescribeTargetGroupAttributes", s.describeTargetGroupAttributes),
			wire.Op("RegisterTargets", s.registerTargets),
			wire.Op("DeregisterTargets", s.deregisterTargets),
			wire.Op("DescribeTargetHealth", s.describeTargetHealth),

			wire.Op("AddTags", s.addTags),
			wire.Op("RemoveTags", s.removeTags),
			wire.Op("DescribeTags", s.describeTags),
		},
	}
}
