package group

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
)

func (r *recorder) ResumeProcesses(_ context.Context, in *autoscaling.ResumeProcessesInput, _ ...func(*autoscaling.Options)) (*autoscaling.ResumeProcessesOutput, error) {
	r.calls = append(r.calls, fmt.Sprint("resume ", in.ScalingProcesses))
	return &autoscaling.ResumeProcessesOutput{}, nil
}

func (r *recorder) SetInstanceProtection(_ context.Context, in *autoscaling.SetInstanceProtectionInput, _ ...func(*autoscaling.Options)) (*autoscaling.SetInstanceProtectionOutput, error) {
	r.calls = append(r.calls, fmt.Sprint("protected ", *in.ProtectedFromScaleIn, " ", in.InstanceIds))
	return &autoscaling.SetInstanceProtectionOutput{}, nil
}

func TestLetGo(t *testing.T) {
	instance := func(id string, state types.LifecycleState, protected bool) types.Instance {
		return types.Instance{InstanceId: &id, LifecycleState: state, ProtectedFromScaleIn: &protected}
	}
	suspended := func(process string) []types.SuspendedProcess {
		return []types.SuspendedProcess{{ProcessName: &process}}
	}
	many := types.AutoScalingGroup{}
	for i := range 51 {
		many.Instances = append(many.Instances, instance(fmt.Sprint(i), types.LifecycleStateInService, true))
	}
	for _, tc := range []struct {
		name  string
		group types.AutoScalingGroup
		want  []string
	}{
		{"nothing holds", types.AutoScalingGroup{SuspendedProcesses: suspended("Launch"), Instances: []types.Instance{instance("a", types.LifecycleStateInService, false)}}, nil},
		{"protected instances", types.AutoScalingGroup{Instances: []types.Instance{
			instance("a", types.LifecycleStateInService, true), instance("b", types.LifecycleStatePendingWait, true),
			instance("c", types.LifecycleStateStandby, true), instance("d", types.LifecycleStateTerminating, true),
		}}, []string{"protected false [a c]"}},
		{"no termination", types.AutoScalingGroup{SuspendedProcesses: suspended("Terminate")}, []string{"resume [Terminate]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{}
			g := fromSDK(tc.group)
			if err := (&Client{r}).LetGo(t.Context(), g); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, r.calls); diff != "" || g.Held() != (len(tc.want) > 0) {
				t.Errorf("held %v, calls (-want +got):\n%s", g.Held(), diff)
			}
		})
	}
	r := &recorder{}
	if err := (&Client{r}).LetGo(t.Context(), fromSDK(many)); err != nil || len(r.calls) != 2 {
		t.Errorf("51 instances take %d calls, %v", len(r.calls), err)
	}
}

func TestDeleteTakesProtectionAway(t *testing.T) {
	for protection, want := range map[types.DeletionProtection][]string{
		types.DeletionProtectionNone:                 {"delete copy"},
		types.DeletionProtectionPreventForceDeletion: {"delete copy"},
		types.DeletionProtectionPreventAllDeletion:   {"protection none", "delete copy"},
	} {
		r := &recorder{}
		g := fromSDK(types.AutoScalingGroup{AutoScalingGroupName: aws.String("copy"), DeletionProtection: protection})
		if err := (&Client{r}).Delete(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(want, r.calls) {
			t.Errorf("%s: it calls %q, not %q", protection, r.calls, want)
		}
	}
}
