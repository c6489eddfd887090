package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bluegreen/internal/aws"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/cli"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/stack"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"amibake": func() { os.Exit(run(cli.System(), os.Args[1:])) }})
}

// TestScripts runs the commands as users do, each script in an account of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Values[accountKey{}] = &scriptAccount{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"account": cmdAccount, "exits": cmdExits, "guest": cmdGuest, "image": cmdImage},
	})
}

type accountKey struct{}

// scriptAccount is the account of one script.
type scriptAccount struct {
	sandbox *sandbox.Sandbox
	digest  string
	broken  atomic.Bool // builders fail
	slow    atomic.Bool // builders say nothing
}

// cmdAccount makes an account with an app's image in it, and writes the configuration to amibake.toml:
//
//	account
func cmdAccount(ts *testscript.TestScript, _ bool, _ []string) {
	a := ts.Value(accountKey{}).(*scriptAccount)
	sb, err := sandbox.New(sandbox.Options{Account: account.Options{Speed: 600, Seed: 1}, Guest: a.guest, Command: a.command})
	ts.Check(err)
	ts.Defer(sb.Close)
	a.sandbox = sb
	program, err := stack.NewProgram([]byte("the app"))
	ts.Check(err)
	made, err := stack.Build(context.Background(), sb, stack.Spec{Program: program, BlueOnly: true})
	ts.Check(err)
	ts.Check(sb.Buckets.CreateBucket("shop-staging"))
	sb.Account.Lock()
	vpc := sb.EC2.AddVPC(ec2.VPC{CIDR: "10.9.0.0/16"})
	subnet := sb.EC2.AddSubnet(ec2.Subnet{VPC: vpc, Zone: sb.Account.Region + "a", CIDR: "10.9.0.0/24", Public: true})
	sb.Account.Unlock()
	cloud, err := aws.ConnectBakery(context.Background(), aws.Options{Region: sb.Account.Region, Endpoint: sb.Endpoint(), Credentials: stack.Credentials()})
	ts.Check(err)
	a.digest, err = cloud.Registry.Digest(context.Background(), made.Containers["v1"])
	ts.Check(err)
	key, err := stack.Credentials().Retrieve(context.Background())
	ts.Check(err)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": sb.Endpoint(), "AWS_REGION": sb.Account.Region, "AWS_ACCESS_KEY_ID": key.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": key.SecretAccessKey, "AMIBAKE_POLL": "50ms", "BASE": made.Images["v1"], "IMAGE": made.Containers["v1"],
	} {
		ts.Setenv(name, value)
	}
	text := fmt.Sprintf("app = \"shop\"\nimage = %q\nbase.ami = %q\nbuild.subnet = %q\nbuild.instance_profile = \"shop\"\nstaging.bucket = \"shop-staging\"\nlease.term = \"10s\"\n",
		made.Containers["v1"], made.Images["v1"], subnet)
	ts.Check(os.WriteFile(ts.MkAbs("amibake.toml"), []byte(text), 0o600))
}

// guest is what the software of the instances does.
func (a *scriptAccount) guest(m ec2.Machine) ec2.Guest {
	run := m.InstanceTags[bake.TagRun]
	switch role := m.InstanceTags[bake.TagRole]; {
	case role == bake.RoleBuilder && a.broken.Load():
		return ec2.Guest{{After: time.Minute, Print: "amibake " + run + " log 1 make: not found\n" + recipe.Say(run, "failed", "scripts: provision.sh: exit status 127")}}
	case role == bake.RoleBuilder && a.slow.Load():
		return nil
	case role == bake.RoleBuilder:
		return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "ready", fmt.Sprintf(`{"agent":"1.2.0","digest":%q,"docker":"26.1"}`, a.digest))}}
	case role == bake.RoleTest:
		return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "verified",
			fmt.Sprintf(`{"agent":"1.2.0","digest":%q,"docker":"26.1","phase":"serving","imds":"required","ports":[22,9180],"published":[8000],"boot_ms":9000}`, a.digest))}}
	}
	return nil
}

// command is what comes of a command: the same, and a code that says so.
func (a *scriptAccount) command(m ec2.Machine, _ string) ec2.Guest {
	g := a.guest(m)
	if m.InstanceTags[bake.TagRole] == bake.RoleBuilder && a.broken.Load() {
		g = append(g, ec2.Step{Do: ec2.Fail})
	}
	return g
}

// cmdGuest says how builders are from now on:
//
//	guest fails|hangs|works
func cmdGuest(ts *testscript.TestScript, _ bool, args []string) {
	a := ts.Value(accountKey{}).(*scriptAccount)
	a.broken.Store(args[0] == "fails")
	a.slow.Store(args[0] == "hangs")
}

// cmdImage sets a variable to the AMI at a place of the list, the newest being the first:
//
//	image VARIABLE PLACE
func cmdImage(ts *testscript.TestScript, _ bool, args []string) {
	a := ts.Value(accountKey{}).(*scriptAccount)
	cloud, err := aws.ConnectBakery(context.Background(), aws.Options{Region: a.sandbox.Account.Region, Endpoint: a.sandbox.Endpoint(), Credentials: stack.Credentials()})
	ts.Check(err)
	b := bake.Bakery{Cloud: cloud}
	b.Settings.App, b.Settings.Promote.Parameter = "shop", "/bluegreen/shop/ami"
	all, err := b.List(context.Background())
	ts.Check(err)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n < 1 || n > len(all) {
		ts.Fatalf("there are %d AMIs", len(all))
	}
	ts.Setenv(args[0], all[n-1].ID)
}

// cmdExits runs a program that has to end with an exit code:
//
//	exits CODE PROGRAM [ARGUMENT]…
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	var exited *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exited) {
		code = exited.ExitCode()
	} else {
		ts.Check(err)
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code != want {
		ts.Fatalf("it ended with exit code %d, want %d", code, want)
	}
}
