package bluegreen

import (
	"fmt"
	"strings"

	"bluegreen/internal/aws/group"
	"bluegreen/internal/exit"
)

// grows refuses a group that would not bring up what a cutover waits for.
func grows(g group.Group) error {
	for _, process := range []string{group.Launch, group.AddToLoadBalancer} {
		if g.Suspended(process) {
			return suspended(g, process, "no instance would come into service")
		}
	}
	return nil
}

// shrinks refuses a group that would keep the instances that a retirement takes away. The protection is somebody's word that
// they are needed; it is not for us to overrule.
func shrinks(g group.Group) error {
	if g.Suspended(group.Terminate) {
		return suspended(g, group.Terminate, "no instance would go")
	}
	if kept := g.Protected(); len(kept) > 0 {
		return &exit.Problem{
			Code: exit.Failed,
			Err:  fmt.Errorf("%d instances of Auto Scaling group %s are protected from scaling in, and would stay: %s", len(kept), g.Name, strings.Join(kept, " ")),
			Try: fmt.Sprintf("aws autoscaling set-instance-protection --no-protected-from-scale-in --auto-scaling-group-name %s --instance-ids %s",
				g.Name, strings.Join(kept, " ")),
		}
	}
	return nil
}

func suspended(g group.Group, process, effect string) error {
	return &exit.Problem{
		Code: exit.Failed,
		Err:  fmt.Errorf("process %s of Auto Scaling group %s is suspended: %s", process, g.Name, effect),
		Try:  fmt.Sprintf("aws autoscaling resume-processes --auto-scaling-group-name %s --scaling-processes %s", g.Name, process),
	}
}
