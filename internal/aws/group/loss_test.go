package group

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
)

// whole has one of everything that cannot be copied.
func whole() Blueprint {
	return Blueprint{
		group: types.AutoScalingGroup{
			LoadBalancerNames: []string{"classic"}, WarmPoolConfiguration: &types.WarmPoolConfiguration{MinSize: aws.Int32(1)},
			Operator: &types.Operator{Principal: aws.String("p")}, Context: aws.String("c"),
			TargetGroupARNs: []string{"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/own/0a", "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/other/0b"},
		},
		policies: []types.ScalingPolicy{
			{PolicyName: aws.String("step"), PolicyType: aws.String("StepScaling"), Alarms: []types.Alarm{{AlarmName: aws.String("made")}}},
			{
				PolicyName: aws.String("cpu"), PolicyType: aws.String(targetTracking), TargetTrackingConfiguration: &types.TargetTrackingConfiguration{},
				Alarms: []types.Alarm{{AlarmName: aws.String("kept")}},
			},
		},
		schedules:     []types.ScheduledUpdateGroupAction{{ScheduledActionName: aws.String("night"), Recurrence: aws.String("0 22 * * *")}},
		notifications: []types.NotificationConfiguration{{NotificationType: aws.String("launch"), TopicARN: aws.String("topic")}},
		traffic: []types.TrafficSourceState{
			{Identifier: aws.String("lattice"), Type: aws.String("vpc-lattice")}, {Identifier: aws.String("arn:own"), Type: aws.String("elbv2")},
		},
	}
}

func TestUnsupported(t *testing.T) {
	got := slices.Sorted(maps.Keys(whole().Unsupported([]string{"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/own/0a"}, nil)))
	want := []string{
		"classic-load-balancer/classic", "group/Context", "group/Operator", "notification/launch/topic", "policy/step", "registration/other",
		"schedule/night", "traffic-source/lattice", "warm-pool",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
	if left := (Blueprint{}).Unsupported(nil, nil); len(left) > 0 {
		t.Errorf("a plain group loses %v", left)
	}
}

// TestLossesAreFacts checks that each loss names facts, so that a copy without them differs in just these.
func TestLossesAreFacts(t *testing.T) {
	same := func(name string) string { return name }
	f := whole().Facts(func(tags map[string]string) map[string]string { return tags }, Names{Policy: same, TargetGroup: same})
	for name := range whole().Unsupported(nil, nil) {
		found := false
		for path := range f {
			found = found || path == name || len(path) > len(name) && path[:len(name)+1] == name+"/"
		}
		if !found {
			t.Errorf("no fact is on %s", name)
		}
	}
}

func TestAlarms(t *testing.T) {
	kept, made := whole().Alarms()
	if diff := cmp.Diff([][]string{{"kept"}, {"made"}}, [][]string{kept, made}); diff != "" {
		t.Errorf("alarms of target tracking, and others (-want +got):\n%s", diff)
	}
}
