package bluegreen_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/journal"
	"bluegreen/internal/step"
	"bluegreen/internal/traffic"
)

// snapshot is the whole account as far as a deployment may touch it, without what differs from run to run: ids, epochs,
// nonces.
type snapshot struct {
	Records []string // "shop.example.com. A blue 100 → …"
	Fence   string   // "op=done to=green was=blue:100,green:0 old=free"; "" when there is none
	Groups  map[traffic.Color]groupView
	Lease   string   // who holds it; "" when nobody does
	Open    []string // deployments that had the fence and whose journal has not ended, with their phase
	Things  map[string]int
}

// groupView is an Auto Scaling group.
type groupView struct {
	Min, Max, Desired  int32
	InService, Healthy int
	Template           string
	Tags               []string // "key=value"
}

// snapshot reads the account.
func (w *world) snapshot() snapshot {
	w.t.Helper()
	s := snapshot{Groups: map[traffic.Color]groupView{}, Things: w.eye.things(w.t)}
	for _, c := range traffic.Colors {
		s.Groups[c] = w.eye.view(w.t, c)
	}
	fence := ""
	for _, r := range w.eye.records(w.t) {
		switch {
		case r.Type == r53types.RRTypeTxt && strings.HasPrefix(*r.Name, "_bluegreen"):
			fence = *r.ResourceRecords[0].Value
		case r.Weight != nil:
			s.Records = append(s.Records, recordLine(r))
		}
	}
	slices.Sort(s.Records)
	if fence != "" {
		f, err := traffic.ParseFence(fence)
		if err != nil {
			w.t.Fatal(err)
		}
		s.Fence = fmt.Sprintf("op=%s to=%s was=%s old=%s", f.Op, f.To, f.Was, f.Old)
	}
	s.Lease, s.Open = w.runs(fence)
	return s
}

// recordLine is a weighted record as a line.
func recordLine(r r53types.ResourceRecordSet) string {
	target := ""
	if r.AliasTarget != nil {
		target = fmt.Sprintf("%s health=%v", *r.AliasTarget.DNSName, r.AliasTarget.EvaluateTargetHealth)
	}
	return fmt.Sprintf("%s %s %s %d → %s", *r.Name, r.Type, aws.ToString(r.SetIdentifier), aws.ToInt64(r.Weight), target)
}

// view reads a group.
func (e *eye) view(t *testing.T, color traffic.Color) groupView {
	t.Helper()
	g := e.group(t, color)
	v := groupView{Min: *g.MinSize, Max: *g.MaxSize, Desired: *g.DesiredCapacity, Healthy: e.healthy(t, color)}
	if g.LaunchTemplate != nil {
		v.Template = aws.ToString(g.LaunchTemplate.Version)
	}
	for _, i := range g.Instances {
		if i.LifecycleState == "InService" {
			v.InService++
		}
	}
	for _, tag := range g.Tags {
		v.Tags = append(v.Tags, *tag.Key+"="+*tag.Value)
	}
	slices.Sort(v.Tags)
	return v
}

// runs reads Parameter Store: who holds the lease, and which runs that had the fence have not ended.
func (w *world) runs(fence string) (lease string, open []string) {
	w.t.Helper()
	newest := map[string]step.Record{}
	for _, p := range w.eye.parameters(w.t) {
		if strings.HasSuffix(p.name, "/lease") {
			var h journal.Holder
			if err := json.Unmarshal([]byte(p.value), &h); err != nil {
				w.t.Fatal(err)
			}
			if !h.Released {
				lease = h.Owner
			}
			continue
		}
		var r step.Record
		if err := json.Unmarshal([]byte(p.value), &r); err != nil {
			w.t.Fatalf("%s: %v", p.name, err)
		}
		newest[r.Run] = r // the order of names is that of epochs and sequence numbers
	}
	for run, r := range newest {
		if r.Phase != step.Ended && strings.Contains(fence, " deployment="+run+" ") {
			open = append(open, fmt.Sprintf("%s %s %s", r.Workflow, r.Phase, r.Outcome))
		}
	}
	slices.Sort(open)
	return lease, open
}

// things counts what a deployment could leak.
func (e *eye) things(t *testing.T) map[string]int {
	t.Helper()
	balancers, err := e.balancers.DescribeLoadBalancers(t.Context(), &elbv2.DescribeLoadBalancersInput{})
	if err != nil {
		t.Fatal(err)
	}
	groups, err := e.balancers.DescribeTargetGroups(t.Context(), &elbv2.DescribeTargetGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.groups.DescribeAutoScalingGroups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]int{
		"load balancers": len(balancers.LoadBalancers), "target groups": len(groups.TargetGroups), "groups": len(all.AutoScalingGroups),
	}
}
