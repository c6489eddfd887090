package sandbox

import (
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/ssm"
)

// ManagedTag is the tag of an image, or of an instance, that keeps Systems Manager from knowing the instance when it is "none":
// whatever it lacks, be it the agent, a right of its role, or a way to the endpoints, it does not register. Without the tag an
// instance registers if it has a profile.
const (
	ManagedTag = "sandbox:ssm"
	unmanaged  = "none"
)

// Shells are what Machines are, too, on which shell scripts can be run.
type Shells interface {
	// Run begins to run a script on an instance as its superuser. The account is locked: Run may not wait, and done is called
	// from a goroutine that has not locked the account; not at all when the instance ends before the script does, or after
	// stop, which may not wait either.
	Run(instanceID, script string, done func(ssm.Ran)) (stop func())
}

// managed tells Systems Manager of an instance.
func (s *Sandbox) managed(id string) (ssm.Instance, bool) {
	state, ok := s.EC2.State(id)
	if !ok {
		return ssm.Instance{}, false
	}
	m, _ := s.EC2.Metadata(id)
	_, real := s.machines.(Shells)
	return ssm.Instance{State: state, Addr: m.Addr, Managed: m.Profile != "" && s.EC2.SoftwareTag(id, ManagedTag) != unmanaged, Real: real}, true
}

// run runs a script that Run Command has sent.
func (s *Sandbox) run(id, script string, done func(ssm.Ran)) (stop func()) {
	stop, scripted := s.EC2.RunScript(id, script, func(output string, code int) { done(ssm.Ran{Output: output, Code: code}) })
	if scripted {
		return stop
	}
	shells, ok := s.machines.(Shells)
	if !ok {
		const notFound = 127
		noShell := ssm.Ran{Errors: "an instance that is an app in the sandbox's process has no shell: see the tag " + ec2.CommandTag + "\n", Code: notFound}
		return s.Account.After(0, func() { done(noShell) }).Stop
	}
	return shells.Run(id, script, func(r ssm.Ran) {
		s.Account.Lock()
		defer s.Account.Unlock()
		done(r)
	})
}
