package stack

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// records makes the public zone: the app's weighted records, and some of other people.
func (b *builder) records(ctx context.Context, balancers map[string]balancer) error {
	zone, err := b.zones.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: &b.spec.Zone, CallerReference: aws.String("made with the account")})
	if err != nil {
		return err
	}
	b.made.ZoneID = strings.TrimPrefix(*zone.HostedZone.Id, "/hostedzone/")
	batch := &types.ChangeBatch{}
	add := func(r types.ResourceRecordSet) {
		batch.Changes = append(batch.Changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: &r})
	}
	for _, name := range b.spec.Names {
		for _, rrtype := range []types.RRType{types.RRTypeA, types.RRTypeAaaa} {
			for color, weight := range map[string]int64{"blue": 100, "green": 0} {
				lb, stands := balancers[color]
				if !stands {
					continue
				}
				add(types.ResourceRecordSet{
					Name: aws.String(name), Type: rrtype, SetIdentifier: aws.String(color), Weight: aws.Int64(weight),
					AliasTarget: &types.AliasTarget{DNSName: aws.String("dualstack." + lb.dnsName), HostedZoneId: &lb.zoneID, EvaluateTargetHealth: true},
				})
			}
		}
	}
	add(types.ResourceRecordSet{
		Name: &b.spec.Zone, Type: types.RRTypeMx, TTL: aws.Int64(3600), ResourceRecords: []types.ResourceRecord{{Value: aws.String("10 mail." + b.spec.Zone)}},
	})
	add(types.ResourceRecordSet{
		Name: aws.String("legacy." + b.spec.Zone), Type: types.RRTypeA, TTL: aws.Int64(300), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.10")}},
	})
	_, err = b.zones.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &b.made.ZoneID, ChangeBatch: batch})
	return err
}
