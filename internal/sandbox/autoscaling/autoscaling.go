// Package autoscaling is the sandbox's EC2 Auto Scaling: groups that launch instances from launch templates or
// launch configurations, keep as many as they should, put them behind target groups, and take them out with care.
//
// A group is moved by one function, Service.reconcile, that looks at what is and does the next thing. Whatever may have
// changed something kicks it; what takes time sets a timer of the account that kicks it again.
package autoscaling

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2/launch"
)

// Compute is what Auto Scaling needs of EC2. It is called with the account locked.
type Compute interface {
	// ResolveTemplate finds a launch template by id or name, and the number behind a version.
	ResolveTemplate(id, name, version string) (launch.Template, error)
	// CheckLaunch tells what would keep Launch from making an instance.
	CheckLaunch(launch.Spec) error
	Launch(launch.Spec) (instanceID string, err error)
	Terminate(instanceID string) error
	// State is the state of an instance, as in package launch; false when there is no such instance.
	State(instanceID string) (state string, ok bool)
	// Place tells where an instance runs and from what it was made.
	Place(instanceID string) (subnetID, imageID, instanceType string, ok bool)
	Subnet(id string) (vpc, zone string, ok bool)
	// DefaultSubnet is the subnet for those who name a zone only.
	DefaultSubnet(zone string) (id string, ok bool)
	// OnStateChange has fn called whenever an instance enters a state.
	OnStateChange(fn func(instanceID, state string))
}

// Balancer is what Auto Scaling needs of the load balancers. It is called with the account locked.
type Balancer interface {
	TargetGroupExists(arn string) bool
	RegisterInstance(arn, instanceID string)
	DeregisterInstance(arn, instanceID string)
	// InstanceHealth is the health of an instance in a target group: "initial", "healthy", "unhealthy", "draining",
	// "unused", or "" where it is not registered.
	InstanceHealth(arn, instanceID string) string
}

// RequestsPerTarget tells how many requests each target of a resource label ("app/…/targetgroup/…") got in the last
// minute; false when there is no data. It is called with the account locked.
type RequestsPerTarget func(resourceLabel string) (requests float64, ok bool)

// Options joins Auto Scaling to its account. All but Requests are needed.
type Options struct {
	Account  *account.Account
	Compute  Compute
	Balancer Balancer

	// Requests drives target tracking on ALBRequestCountPerTarget. Where it is nil, such policies are stored and never act.
	Requests RequestsPerTarget
}

// Service is the Auto Scaling of one account.
type Service struct {
	Options
	groups  map[string]*group
	order   []string // of the groups, by age
	deleted []*group // for their activities
	members map[string]*member
	targets map[string]string // see TargetState
	seq     int               // of the newest member

	configurations []*types.LaunchConfiguration // oldest first
}

// New makes an Auto Scaling without groups.
func New(o Options) *Service {
	s := &Service{Options: o, groups: map[string]*group{}, members: map[string]*member{}, targets: map[string]string{}}
	o.Compute.OnStateChange(s.instanceChanged)
	return s
}

// How long things take. All of it is the account's time.
const (
	reactTime   = time.Second      // from a change until the group acts
	proceedTime = time.Second      // in Pending:Proceed and Terminating:Proceed
	deleteTime  = 2 * time.Second  // until an empty group is gone
	drainPoll   = 5 * time.Second  // between looks at a draining target
	healthPoll  = 10 * time.Second // between looks at the health of targets
	retryFirst  = 15 * time.Second // after a launch that failed; doubles
	retryMost   = 5 * time.Minute
)

// passed tells whether d of the account's time has passed since then.
func (s *Service) passed(since time.Time, d time.Duration) bool {
	return !s.Account.Now().Before(since.Add(s.Account.Scaled(d)))
}
