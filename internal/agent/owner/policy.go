package owner

import (
	"time"

	"bluegreen/internal/docker"
)

// restart is the policy of containers that are to run.
func (o *Owner) restart() docker.Restart {
	if p := o.desired.Spec.Restart; p.Policy != "" {
		return p
	}
	return docker.Restart{Policy: onFailure, Max: o.options.Crashes}
}

const onFailure = "on-failure"

// disarmed sees to it that a container which is to stay down does so when the daemon starts, before it is stopped. That is
// no reason to let it run on.
func (o *Owner) disarmed(c docker.Container, phase Phase) (d decision, some bool) {
	if c.Restart.Policy != onFailure || time.Until(o.attemptsAt(c.ID).after) > 0 {
		return decision{}, false
	}
	return do(disarm, c, phase, "%s is to stay down when Docker starts", c.Name), true
}

// armed gives a container that is to run after all its policy again.
func (o *Owner) armed(c docker.Container) (d decision, some bool) {
	if c.Restart.Policy == onFailure || o.restart().Policy != onFailure || time.Until(o.attemptsAt(c.ID).after) > 0 {
		return decision{}, false
	}
	return do(arm, c, Replacing, "%s is to run again", c.Name), true
}
