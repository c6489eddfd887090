package autoscaling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// refresh replaces a group's instances a few at a time.
type refresh struct {
	types.InstanceRefresh
	left  []string // instances that are still to be replaced
	total int
	look  *account.Timer // the next look at who has warmed up
}

func (r *refresh) active() bool {
	return r.Status == types.InstanceRefreshStatusPending || r.Status == types.InstanceRefreshStatusInProgress
}

func (g *group) activeRefresh() *refresh {
	if n := len(g.refreshes); n > 0 && g.refreshes[n-1].active() {
		return g.refreshes[n-1]
	}
	return nil
}

func (s *Service) startRefresh(_ context.Context, in *sdk.StartInstanceRefreshInput) (*sdk.StartInstanceRefreshOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.activeRefresh() != nil {
		return nil, wire.Errorf("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
	}
	preferences, err := refreshPreferences(in)
	if err != nil {
		return nil, err
	}
	r := &refresh{InstanceRefresh: types.InstanceRefresh{
		InstanceRefreshId: aws.String(s.uuid()), AutoScalingGroupName: g.AutoScalingGroupName, StartTime: s.now(),
		Status: types.InstanceRefreshStatusPending, Strategy: types.RefreshStrategyRolling,
		Preferences: &preferences, PercentageComplete: aws.Int32(0),
	}}
	if r.left, err = s.toReplace(g, aws.ToBool(preferences.SkipMatching)); err != nil {
		return nil, err
	}
	r.total = len(r.left)
	r.InstancesToUpdate = aws.Int32(int32(r.total))
	g.refreshes = append(g.refreshes, r)
	s.kick(g)
	return &sdk.StartInstanceRefreshOutput{InstanceRefreshId: r.InstanceRefreshId}, nil
}

// refreshPreferences fills in the defaults and refuses what is not done here.
func refreshPreferences(in *sdk.StartInstanceRefreshInput) (types.RefreshPreferences, error) {
	p := types.RefreshPreferences{}
	if in.Preferences != nil {
		p = *in.Preferences
	}
	switch {
	case in.DesiredConfiguration != nil:
		return p, invalid("A desired configuration is not supported here: update the group, then refresh it.")
	case in.Strategy != "" && in.Strategy != types.RefreshStrategyRolling:
		return p, invalid("The strategy %s is not supported here.", in.Strategy)
	case aws.ToBool(p.AutoRollback) || p.AlarmSpecification != nil || len(p.CheckpointPercentages) > 0:
		return p, invalid("Rollback, alarms and checkpoints of an instance refresh are not supported here.")
	}
	if p.MinHealthyPercentage == nil {
		p.MinHealthyPercentage = aws.Int32(90)
	}
	if least := *p.MinHealthyPercentage; least < 0 || least > 100 {
		return p, invalid("MinHealthyPercentage must be between 0 and 100: %d", least)
	}
	return p, nil
}

// toReplace are the instances that a refresh has to replace: all, or those that were not made as the group would make them.
func (s *Service) toReplace(g *group, skipMatching bool) ([]string, error) {
	_, template, err := s.launchSpec(g, s.launchSubnets(g)[0])
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, m := range g.capacity() {
		if !m.madeFrom(g, template) || !skipMatching {
			ids = append(ids, m.id())
		}
	}
	return ids, nil
}

// madeFrom tells whether a member was made as its group would make one now.
func (m *member) madeFrom(g *group, template launch.Template) bool {
	if g.LaunchConfigurationName != nil {
		return aws.ToString(m.LaunchConfigurationName) == *g.LaunchConfigurationName
	}
	return m.LaunchTemplate != nil && *m.LaunchTemplate.Version == *asSpec(template).Version &&
		*m.LaunchTemplate.LaunchTemplateId == template.ID && aws.ToString(m.InstanceType) == template.InstanceType
}

// advanceRefresh takes out as many old instances as the preferences allow, and ends the refresh when none is left and all
// are warm.
func (s *Service) advanceRefresh(g *group) {
	r := g.activeRefresh()
	if r == nil || g.suspended(processInstanceRefresh) {
		return
	}
	r.Status = types.InstanceRefreshStatusInProgress
	r.left = slices.DeleteFunc(r.left, func(id string) bool { m := s.members[id]; return m == nil || !m.counts() })
	warm := s.warm(g, r)
	least := (g.desired()*int(*r.Preferences.MinHealthyPercentage) + 99) / 100
	allowed := max(g.desired()-least, 1) - (g.desired() - warm)
	for _, id := range r.left[:min(max(allowed, 0), len(r.left))] {
		s.terminate(s.members[id], s.because("an instance was taken out of service in response to an instance refresh"))
	}
	done := r.total - len(r.left) - max(g.desired()-warm, 0)
	if r.total > 0 {
		r.PercentageComplete = aws.Int32(int32(100 * max(done, 0) / r.total))
	}
	r.InstancesToUpdate = aws.Int32(int32(len(r.left)))
	r.StatusReason = aws.String(fmt.Sprintf("%d instances left to replace, %d of %d in service and warm", len(r.left), warm, g.desired()))
	if len(r.left) == 0 && warm >= g.desired() {
		s.endRefresh(r, types.InstanceRefreshStatusSuccessful)
	}
}

func (s *Service) endRefresh(r *refresh, status types.InstanceRefreshStatus) {
	r.look.Stop()
	r.Status, r.EndTime = status, s.now()
	if status == types.InstanceRefreshStatusSuccessful {
		r.PercentageComplete, r.StatusReason = aws.Int32(100), nil
	}
}

// warm counts the instances that are healthy, in service, and past their warm-up; for the others the group looks again.
func (s *Service) warm(g *group, r *refresh) int {
	warmUp := g.DefaultInstanceWarmup
	if warmUp == nil {
		warmUp = g.HealthCheckGracePeriod
	}
	if r.Preferences.InstanceWarmup != nil {
		warmUp = r.Preferences.InstanceWarmup
	}
	need := time.Duration(aws.ToInt32(warmUp)) * time.Second
	n := 0
	for _, m := range g.members {
		switch {
		case !m.inService() || m.sick():
		case slices.Contains(r.left, m.id()) || s.passed(m.since, need):
			n++
		case r.look == nil:
			r.look = s.Account.After(need, func() {
				r.look = nil
				s.kick(g)
			})
		}
	}
	return n
}

func (s *Service) cancelRefresh(_ context.Context, in *sdk.CancelInstanceRefreshInput) (*sdk.CancelInstanceRefreshOutput, error) {
	g, err := s.findMutable(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	r := g.activeRefresh()
	if r == nil {
		return nil, wire.Errorf("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group %s", g.name())
	}
	s.endRefresh(r, types.InstanceRefreshStatusCancelled)
	return &sdk.CancelInstanceRefreshOutput{InstanceRefreshId: r.InstanceRefreshId}, nil
}

func (s *Service) describeRefreshes(_ context.Context, in *sdk.DescribeInstanceRefreshesInput) (*sdk.DescribeInstanceRefreshesOutput, error) {
	g, err := s.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	var found []types.InstanceRefresh
	for _, r := range slices.Backward(g.refreshes) {
		if len(in.InstanceRefreshIds) == 0 || slices.Contains(in.InstanceRefreshIds, *r.InstanceRefreshId) {
			found = append(found, r.InstanceRefresh)
		}
	}
	found, next, err := page(found, func(r types.InstanceRefresh) string { return *r.InstanceRefreshId }, in.MaxRecords, in.NextToken, limits{50, 100})
	return &sdk.DescribeInstanceRefreshesOutput{InstanceRefreshes: found, NextToken: next}, err
}
