package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/recipe"
	"bluegreen/internal/sandbox/ec2"
	"bluegreen/internal/sandbox/stack"
)

// bakedImage is what is baked, by its digest.
const (
	bakedDigest = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
	bakedImage  = "registry.example.com/shop@" + bakedDigest
)

// guests are the instances of bakes. The account's lock guards them.
type guests struct {
	broken bool              // builders fail
	slow   bool              // builders are not ready until they work again
	late   map[string]string // what slow builders will say, by instance
}

func (g *guests) script(m ec2.Machine) ec2.Guest {
	run := m.InstanceTags[bake.TagRun]
	switch role := m.InstanceTags[bake.TagRole]; {
	case role == bake.RoleBuilder && g.broken:
		return ec2.Guest{{After: time.Minute, Print: "amibake " + run + " log 1 make: not found\n" + recipe.Say(run, "failed", "scripts: provision.sh: exit status 127")}}
	case role == bake.RoleBuilder:
		ready := recipe.Say(run, "ready", fmt.Sprintf(`{"agent":"1.2.0","digest":%q,"docker":"26.1"}`, bakedDigest))
		if g.slow {
			g.late[m.InstanceID] = ready
			return ec2.Guest{}
		}
		return ec2.Guest{{After: time.Minute, Print: ready}}
	case role == bake.RoleTest:
		return ec2.Guest{{After: time.Minute, Print: recipe.Say(run, "verified",
			fmt.Sprintf(`{"agent":"1.2.0","digest":%q,"docker":"26.1","phase":"serving","imds":"required","ports":[22,9180],"published":[8000],"boot_ms":9000}`, bakedDigest))}}
	}
	return nil
}

// become makes builders fail, slow or work from now on. Those that are slow are ready when they are to be so no longer.
func (g *guests) become(how string, service *ec2.Service) {
	g.broken, g.slow = how == "fails", how == "slow"
	if g.slow {
		return
	}
	for id, ready := range g.late {
		service.Print(id, ready)
	}
	clear(g.late)
}

// bakeryConfig is for amibake. What it bakes serves as an app of the sandbox does, with the agent beside it.
const bakeryConfig = `app = "shop"
region = %q
image = %q
base.ami = %q
build.subnet = %q
build.instance_profile = "shop"
build.expiry = "45m"
build.tags = { Version = "baked", "sandbox:behavior" = "agent=9180" }
staging.bucket = "shop-staging"
lease.term = "10s"
`

// cmdBakery makes what images are baked with, with the configuration beside that of switcher; or says how builders are from now
// on, or prints what there is of bakes:
//
//	bakery [fails|slow|works|holds]
//
// A slow builder is not ready before builders work again, however long a script takes for what it does meanwhile.
func cmdBakery(ts *testscript.TestScript, _ bool, args []string) {
	a := accountOf(ts)
	if len(args) > 0 && args[0] == "holds" {
		printHoldings(ts, a)
		return
	}
	sb := a.lab.Sandbox
	if len(args) > 0 {
		sb.Account.Lock()
		defer sb.Account.Unlock()
		a.guests.become(args[0], sb.EC2)
		return
	}
	ts.Check(sb.Buckets.CreateBucket("shop-staging"))
	sb.Account.Lock()
	a.guests.late = map[string]string{}
	sb.EC2.SetGuest(a.guests.script)
	sb.Account.Unlock()
	file := filepath.Join(filepath.Dir(a.lab.ConfigFile()), bakeFile)
	text := fmt.Sprintf(bakeryConfig, sb.Account.Region, bakedImage, a.lab.Made.Images["v1"], a.lab.Made.Subnets[0])
	ts.Check(os.WriteFile(file, []byte(text), 0o600))
	ts.Setenv("BAKERY", file)
	ts.Setenv(varBakePoll, "50ms")
	a.marked = sb.Front.Calls.Count()
}

func printHoldings(ts *testscript.TestScript, a *scriptAccount) {
	ctx, sb := context.Background(), a.lab.Sandbox
	cloud, err := aws.ConnectBakery(ctx, aws.Options{Region: sb.Account.Region, Endpoint: sb.Endpoint(), Credentials: stack.Credentials()})
	ts.Check(err)
	ours := map[string]string{bake.TagApp: "shop", bake.TagManaged: bake.Managed}
	images, err := cloud.Images.Find(ctx, image.Query{Owners: []string{"self"}, Tags: ours, Everything: true})
	ts.Check(err)
	verified := 0
	for _, i := range images {
		if i.Tags[bake.TagStatus] == bake.Verified {
			verified++
		}
	}
	all, err := cloud.Instances.Find(ctx, ours)
	ts.Check(err)
	running := 0
	for _, i := range all {
		if !i.Ended() && i.Tags[bake.TagRun] != "" { // those of a clone are the app's, too
			running++
		}
	}
	objects, err := cloud.Staging.List(ctx, "shop-staging", "")
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d images, %d proven, %d instances, %d files\n", len(images), verified, running, len(objects))
	ts.Check(err)
}
