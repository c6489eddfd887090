package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// maxAlarmRecords is the default and the largest page of alarms, and the largest list of names.
const maxAlarmRecords = 100

// AddAlarm puts an alarm into the account, as Auto Scaling does for a target-tracking policy. What is not set becomes what
// CloudWatch makes of it; an alarm of the same name is replaced. Nothing evaluates it: it stays in the state it was added
// in, INSUFFICIENT_DATA unless it says otherwise. The account must be locked.
func (s *Service) AddAlarm(a types.MetricAlarm) {
	name, now := aws.ToString(a.AlarmName), s.acct.Now()
	if a.AlarmArn == nil {
		a.AlarmArn = aws.String(s.acct.ARN("cloudwatch", "alarm:"+name))
	}
	if a.StateValue == "" {
		a.StateValue = types.StateValueInsufficientData
		a.StateReason = aws.String("Unchecked: Initial alarm creation")
	}
	if a.StateUpdatedTimestamp == nil {
		a.StateUpdatedTimestamp = &now
	}
	if a.AlarmConfigurationUpdatedTimestamp == nil {
		a.AlarmConfigurationUpdatedTimestamp = &now
	}
	if a.ActionsEnabled == nil {
		a.ActionsEnabled = aws.Bool(true)
	}
	s.alarms[name] = a
}

// RemoveAlarm deletes an alarm if there is one. The account must be locked.
func (s *Service) RemoveAlarm(name string) { delete(s.alarms, name) }

func (s *Service) describeAlarms(_ context.Context, in *sdk.DescribeAlarmsInput) (*sdk.DescribeAlarmsOutput, error) {
	after, err := checkDescribe(in)
	if err != nil {
		return nil, err
	}
	limit := maxAlarmRecords
	if in.MaxRecords != nil {
		limit = int(*in.MaxRecords)
	}
	out := &sdk.DescribeAlarmsOutput{MetricAlarms: []types.MetricAlarm{}, CompositeAlarms: []types.CompositeAlarm{}}
	// All alarms here are metric alarms, and these have neither parents nor children.
	if len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm) ||
		in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil {
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.alarms)) {
		a := s.alarms[name]
		if name <= after || !describedBy(in, &a) {
			continue
		}
		if n := len(out.MetricAlarms); n == limit {
			out.NextToken = encodeToken(*out.MetricAlarms[n-1].AlarmName)
			break
		}
		out.MetricAlarms = append(out.MetricAlarms, a)
	}
	return out, nil
}

func checkDescribe(in *sdk.DescribeAlarmsInput) (after string, err error) {
	switch n := in.MaxRecords; {
	case n != nil && (*n < 1 || *n > maxAlarmRecords):
		return "", invalid("The value %d for parameter MaxRecords must be from 1 to %d.", *n, maxAlarmRecords)
	case len(in.AlarmNames) > maxAlarmRecords:
		return "", invalid("The collection AlarmNames must not have a size greater than %d.", maxAlarmRecords)
	case len(in.AlarmNames) > 0 && in.AlarmNamePrefix != nil:
		return "", combination("The parameters AlarmNames and AlarmNamePrefix are mutually exclusive.")
	case in.StateValue != "" && !slices.Contains(in.StateValue.Values(), in.StateValue):
		return "", invalid("The value %s for parameter StateValue is invalid.", in.StateValue)
	}
	for _, t := range in.AlarmTypes {
		if !slices.Contains(t.Values(), t) {
			return "", invalid("The value %s for parameter AlarmTypes is invalid.", t)
		}
	}
	if (in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil) && (len(in.AlarmNames) > 0 || in.AlarmNamePrefix != nil ||
		in.ActionPrefix != nil || in.StateValue != "" || len(in.AlarmTypes) > 0) {
		return "", validation("ChildrenOfAlarmName and ParentsOfAlarmName go with MaxRecords and NextToken only.")
	}
	return decodeToken(in.NextToken)
}

// describedBy says whether an alarm passes all filters of a request.
func describedBy(in *sdk.DescribeAlarmsInput, a *types.MetricAlarm) bool {
	if len(in.AlarmNames) > 0 && !slices.Contains(in.AlarmNames, *a.AlarmName) {
		return false
	}
	if in.StateValue != "" && in.StateValue != a.StateValue || !strings.HasPrefix(*a.AlarmName, aws.ToString(in.AlarmNamePrefix)) {
		return false
	}
	if in.ActionPrefix == nil {
		return true
	}
	return slices.ContainsFunc(slices.Concat(a.AlarmActions, a.OKActions, a.InsufficientDataActions), func(action string) bool {
		return strings.HasPrefix(action, *in.ActionPrefix)
	})
}

func (s *Service) describeAlarmsForMetric(_ context.Context, in *sdk.DescribeAlarmsForMetricInput) (*sdk.DescribeAlarmsForMetricOutput, error) {
	if err := checkName("Namespace", in.Namespace); err != nil {
		return nil, err
	}
	if err := checkName("MetricName", in.MetricName); err != nil {
		return nil, err
	}
	want, err := dimensions("Dimensions", in.Dimensions)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeAlarmsForMetricOutput{MetricAlarms: []types.MetricAlarm{}}
	for _, name := range slices.Sorted(maps.Keys(s.alarms)) {
		a := s.alarms[name]
		has, err := dimensions("Dimensions", a.Dimensions)
		if err != nil {
			return nil, err
		}
		if aws.ToString(a.Namespace) == *in.Namespace && aws.ToString(a.MetricName) == *in.MetricName && maps.Equal(has, want) &&
			(in.Period == nil || *in.Period == aws.ToInt32(a.Period)) &&
			(in.Statistic == "" || in.Statistic == a.Statistic) &&
			(in.ExtendedStatistic == nil || *in.ExtendedStatistic == aws.ToString(a.ExtendedStatistic)) &&
			(in.Unit == "" || in.Unit == a.Unit) {
			out.MetricAlarms = append(out.MetricAlarms, a)
		}
	}
	return out, nil
}
