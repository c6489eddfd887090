package aws_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/command"
	"bluegreen/internal/aws/instance"
	sandboxec2 "bluegreen/internal/sandbox/ec2"
)

// TestCommands sends an instance a script, from when it cannot be reached until the script has ended.
func TestCommands(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		launch := k.launch()
		launch.Profile = "shop"
		launch.Tags = map[string]string{sandboxec2.CommandTag: "10s hello | 0s !fail", "k": "v"}
		id, err := k.b.Instances.Run(ctx, launch)
		if err != nil {
			t.Fatal(err)
		}
		k.until(t, id, instance.Running)
		request := command.Request{Instance: id, Note: "n", Script: "make\n", Delivery: time.Minute, Limit: time.Minute}
		if online, err := k.b.Commands.Online(ctx, id); online || err != nil {
			t.Errorf("just booted: online %v, %v", online, err)
		}
		if _, err := k.b.Commands.Send(ctx, request); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("sent too early: %v", err)
		}
		time.Sleep(time.Minute)
		if online, err := k.b.Commands.Online(ctx, id); !online || err != nil {
			t.Errorf("a minute later: online %v, %v", online, err)
		}
		sent, err := k.b.Commands.Send(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.b.Commands.Result(ctx, id, sent); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("just sent: %v", err)
		}
		time.Sleep(5 * time.Second)
		if found, err := k.b.Commands.Find(ctx, id, "n"); found != sent || err != nil {
			t.Errorf("found %q, not %s: %v", found, sent, err)
		}
		if found, err := k.b.Commands.Find(ctx, id, "other"); found != "" || err != nil {
			t.Errorf("by another note: %q, %v", found, err)
		}
		want := command.Result{Status: "In Progress", Code: -1}
		for _, after := range []time.Duration{0, 10 * time.Second} {
			time.Sleep(after)
			if got, err := k.b.Commands.Result(ctx, id, sent); got != want || err != nil {
				t.Errorf("how it goes: %+v, %v; want %+v", got, err, want)
			}
			want = command.Result{Ended: true, Status: "Failed", Code: 1, Output: "hello\n"}
		}
	})
}
