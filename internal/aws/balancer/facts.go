package balancer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"bluegreen/internal/aws/facts"
)

// identity are fields that tell a thing from its copy, or that change by themselves.
var identity = []string{
	"LoadBalancerArn", "LoadBalancerName", "DNSName", "CreatedTime", "State", "LoadBalancerAddresses", "LoadBalancerArns",
	"TargetGroupName", "ListenerArn", "RuleArn", "TrustStoreAssociationStatus",
}

// Facts is the blueprint as a list that can be compared. Tags makes of each resource's tags those that its copy gets, and
// rename of a target group's name that of its copy; both leave a copy's own alone.
func (b Blueprint) Facts(tags Tagger, rename func(group string) string) facts.Facts {
	f := facts.Facts{}
	lb := b.lb
	lb.AvailabilityZones = slices.SortedFunc(slices.Values(lb.AvailabilityZones), func(x, y types.AvailabilityZone) int {
		return strings.Compare(aws.ToString(x.ZoneName), aws.ToString(y.ZoneName))
	})
	f.Add("load-balancer", lb, identity...)
	f.Add("load-balancer/attribute", b.attrs)
	f.Add("load-balancer/tag", tags(b.tags[b.Balancer.ARN]))
	if b.reserved.units > 0 {
		f[capacityReservation] = fmt.Sprint(b.reserved.units)
	}
	for _, g := range b.groups {
		path := "target-group/" + rename(aws.ToString(g.group.TargetGroupName))
		f.Add(path, g.group, append([]string{"TargetGroupArn"}, identity...)...)
		f.Add(path+"/attribute", g.attrs)
		f.Add(path+"/tag", tags(b.tags[aws.ToString(g.group.TargetGroupArn)]))
	}
	for _, l := range b.listeners {
		f.Put(fmt.Sprintf("listener/%d", l.port()), b.listenerFacts(l, tags))
	}
	return f
}

func (b Blueprint) listenerFacts(l listenerPrint, tags Tagger) facts.Facts {
	f := facts.Facts{}
	f.Add("", l.listener, identity...)
	f.Add("attribute", l.attrs)
	f.Add("tag", tags(b.tags[aws.ToString(l.listener.ListenerArn)]))
	for _, cert := range l.certificates {
		f["certificate/"+aws.ToString(cert.CertificateArn)] = "one more"
	}
	for _, r := range l.rules {
		rule := "rule/" + aws.ToString(r.Priority)
		f.Add(rule, r, identity...)
		f.Add(rule+"/tag", tags(b.tags[aws.ToString(r.RuleArn)]))
	}
	return f
}

const capacityReservation = "capacity-reservation"

// Unsupported lists what a copy would not have, each with the name by which its loss can be accepted: its path in Facts.
func (b Blueprint) Unsupported() map[string]string {
	lost := map[string]string{}
	switch {
	case b.reserved.denied != nil:
		lost[capacityReservation] = fmt.Sprintf("its capacity reservation, if it has one, which could not be read: %v", b.reserved.denied)
	case b.reserved.units > 0:
		lost[capacityReservation] = fmt.Sprintf("its reservation of %d capacity units: the copy starts cold", b.reserved.units)
	}
	return lost
}

// Impossible says what of the load balancer nobody can copy, and a copy must not be without; nil if there is nothing.
func (b Blueprint) Impossible() error {
	look := func(where string, actions []types.Action) error {
		for _, a := range actions {
			if a.AuthenticateOidcConfig != nil {
				return fmt.Errorf("%s authenticates its users by OIDC: AWS does not give the client secret away, and a clone without it would let everybody in", where)
			}
		}
		return nil
	}
	for _, l := range b.listeners {
		where := fmt.Sprintf("listener/%d", l.port())
		if err := look(where, l.listener.DefaultActions); err != nil {
			return err
		}
		for _, r := range l.rules {
			if err := look(where+"/rule/"+aws.ToString(r.Priority), r.Actions); err != nil {
				return err
			}
		}
	}
	return nil
}
