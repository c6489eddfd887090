package autoscaling

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// maxActivities is how many activities of a group are kept.
const maxActivities = 1000

// begin records that something is under way.
func (s *Service) begin(g *group, description, cause string) *types.Activity {
	a := &types.Activity{
		ActivityId: aws.String(s.uuid()), AutoScalingGroupName: g.AutoScalingGroupName, AutoScalingGroupARN: g.AutoScalingGroupARN,
		Description: aws.String(description), Cause: aws.String(cause), StartTime: s.now(),
		StatusCode: types.ScalingActivityStatusCodeInProgress, Progress: aws.Int32(0),
	}
	g.activities = append(g.activities, a)
	if extra := len(g.activities) - maxActivities; extra > 0 {
		g.activities = slices.Delete(g.activities, 0, extra)
	}
	return a
}

func (s *Service) progress(a *types.Activity, code types.ScalingActivityStatusCode, percent int32) {
	if a != nil {
		a.StatusCode, a.Progress = code, aws.Int32(percent)
	}
}

func (s *Service) end(a *types.Activity, code types.ScalingActivityStatusCode, message string) {
	if a == nil {
		return
	}
	s.progress(a, code, 100)
	a.EndTime = s.now()
	if message != "" {
		a.StatusMessage = aws.String(message)
	}
}

// describePlace adds where an activity happens.
func (s *Service) describePlace(a *types.Activity, subnet, zone string) {
	details, err := json.Marshal(map[string]string{"Subnet ID": subnet, "Availability Zone": zone})
	if err == nil {
		a.Details = aws.String(string(details))
	}
}

// join makes one cause of several sentences.
func join(sentences ...string) string {
	sentences = slices.DeleteFunc(sentences, func(text string) bool { return text == "" })
	return strings.Join(sentences, "  ")
}

func (s *Service) describeActivities(_ context.Context, in *sdk.DescribeScalingActivitiesInput) (*sdk.DescribeScalingActivitiesOutput, error) {
	groups, err := s.activeGroups(in)
	if err != nil {
		return nil, err
	}
	var found []types.Activity
	for _, g := range groups {
		for _, a := range g.activities {
			if len(in.ActivityIds) > 0 && !slices.Contains(in.ActivityIds, *a.ActivityId) {
				continue
			}
			described := *a
			if aws.ToString(g.Status) == "Deleted" {
				described.AutoScalingGroupState = g.Status
			}
			found = append(found, described)
		}
	}
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b types.Activity) int { return b.StartTime.Compare(*a.StartTime) })
	found, next, err := page(found, func(a types.Activity) string { return *a.ActivityId }, in.MaxRecords, in.NextToken, limits{100, 100})
	return &sdk.DescribeScalingActivitiesOutput{Activities: found, NextToken: next}, err
}

// activeGroups are the groups whose activities a request asks for.
func (s *Service) activeGroups(in *sdk.DescribeScalingActivitiesInput) ([]*group, error) {
	if len(in.Filters) > 0 {
		return nil, invalid("Filters of activities are not supported here.")
	}
	groups := s.all()
	if aws.ToBool(in.IncludeDeletedGroups) {
		groups = slices.Concat(s.deleted, groups)
	}
	name := aws.ToString(in.AutoScalingGroupName)
	if name == "" {
		return groups, nil
	}
	groups = slices.DeleteFunc(groups, func(g *group) bool { return g.name() != name })
	if len(groups) == 0 && !aws.ToBool(in.IncludeDeletedGroups) {
		_, err := s.find(in.AutoScalingGroupName)
		return nil, err
	}
	return groups, nil
}
