package bake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/command"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/bake/settings"
	"bluegreen/internal/wait"
)

const (
	// registerLimit is how long an instance may take until Systems Manager knows it. Agents do it in a minute.
	registerLimit = 10 * time.Minute
	// deliveryLimit is how long an agent that was there a moment ago may take to begin with a command.
	deliveryLimit = 5 * time.Minute
)

// sent says that this run's instances are started and heard by Run Command.
func (b *baker) sent() bool { return b.State.Channel == settings.RunCommand }

// command has an instance begin, once it can be reached, and returns the id of what it was sent. A command that this run has sent
// before, and whose answer it did not get, is found by its note. If it does not show yet and is sent once more, the instance
// does its work once all the same, and tells both how it went.
func (b *baker) command(ctx context.Context, s *Baking, step, role string, w worker) (id string, err error) {
	request := command.Request{
		Instance: w.id, Note: "amibake " + s.Tag + " " + role, Script: recipe.Command(w.limit),
		Delivery: deliveryLimit, Limit: recipe.CommandLimit(w.limit),
	}
	err = b.until(ctx, step, w.what+" to register with Systems Manager", min(registerLimit, w.limit), func(ctx context.Context) (bool, string, error) {
		i, err := b.Cloud.Instances.Get(ctx, w.id)
		if errors.Is(err, awserr.ErrNotFound) {
			return false, "not to be seen yet", nil
		}
		if err != nil {
			return false, "", err
		}
		if i.Ended() {
			return false, "", &GuestError{Instance: w.id, Reason: "the instance is " + i.State + because(i.Reason)}
		}
		online, err := b.Cloud.Commands.Online(ctx, w.id)
		if err != nil || !online {
			return false, i.State + ", not registered yet", err
		}
		if id, err = b.Cloud.Commands.Find(ctx, w.id, request.Note); id != "" || err != nil {
			return id != "", "it was sent its command before", err
		}
		id, err = b.Cloud.Commands.Send(ctx, request)
		if errors.Is(err, awserr.ErrNotFound) {
			return false, i.State + ", not to be reached yet", nil
		}
		if err != nil {
			return false, "", err
		}
		return true, "it was sent its command", nil
	})
	var timeout *wait.TimeoutError
	if errors.As(err, &timeout) {
		return "", b.unregistered(ctx, w, timeout)
	}
	return id, err
}

// unregistered says what to do about an instance that Systems Manager does not know. From outside all causes look the same.
func (b *baker) unregistered(ctx context.Context, w worker, timeout *wait.TimeoutError) error {
	console, _ := b.Cloud.Instances.Console(ctx, w.id) // there may be a hint, where it is to be had
	_, profile, isARN := strings.Cut(b.Settings.Build.InstanceProfile, ":instance-profile/")
	if !isARN {
		profile = b.Settings.Build.InstanceProfile
	}
	return &GuestError{
		Instance: w.id, Log: recipe.Tail(console, tailLines),
		Reason: fmt.Sprintf("%v. So Run Command cannot reach it. Its AMI needs the SSM agent (Ubuntu's have it as a snap, Debian's have none), "+
			"the role in the instance profile %q needs the policy AmazonSSMManagedInstanceCore, and the subnet %s a way to the endpoints ssm, "+
			"ssmmessages and ec2messages of the region; or set build.channel = %q", timeout, profile, b.Settings.Build.Subnet, settings.Console),
	}
}
