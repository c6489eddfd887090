package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/rogpeppe/go-internal/testscript"

	"bluegreen/internal/sandbox/stack"
)

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
	if want := number(ts, args[0]); code != want {
		ts.Fatalf("it ended with exit code %d, want %d", code, want)
	}
}

// What is different in every run, and what stands for it.
var untidy = []struct {
	form *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`(?m)^\S+T\S+Z wait .*\n`), ""}, // how far a wait came is a matter of the moment
	{regexp.MustCompile(`\d{8}-\d{6}-[0-9a-f]{6}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\b(lt|i|ami|sg)-[0-9a-f]{17}\b`), "${1}-xxxxxxxxxxxxxxxxx"},
	{regexp.MustCompile(`\bkey [0-9a-f]{20}\b`), "key KEY"},
	{regexp.MustCompile(`\b127\.\d+\.(\d+\.\d+)`), "127.N.$1"},
	{regexp.MustCompile(`\b(after|back|in|at most) (\d+h)?(\d+m)?\d+(\.\d+)?m?s\b`), "$1 SPAN"},
	{regexp.MustCompile(`[\w.-]+@[\w.-]+ pid \d+`), "OWNER"},
	{regexp.MustCompile(`(?m)(at its last heartbeat:|; answers) .*$`), "$1 …"},
	{regexp.MustCompile(` +\n`), "\n"},
}

// cmdTidy prints what a program has printed, without what is different in every run:
//
//	tidy stdout|stderr
func cmdTidy(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for _, u := range untidy {
		text = u.form.ReplaceAllString(text, u.text)
	}
	text = strings.ReplaceAll(text, accountOf(ts).lab.Made.ZoneID, "ZONE")
	_, err := ts.Stdout().Write([]byte(text))
	ts.Check(err)
}

// cmdSetting changes settings in the account's configuration file:
//
//	setting TABLE.KEY=VALUE…
//
// An empty value takes the setting away.
func cmdSetting(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.Getenv("BLUEGREEN_CONFIG")
	lines := strings.Split(ts.ReadFile(file), "\n")
	for _, arg := range args {
		path, value, _ := strings.Cut(arg, "=")
		table, key, inTable := strings.Cut(path, ".")
		if !inTable {
			table, key = "", path
		}
		lines = set(lines, table, key, value)
	}
	ts.Check(os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
}

// set changes a setting in the lines of a file.
func set(lines []string, table, key, value string) []string {
	begin := 0
	if table != "" {
		begin = slices.Index(lines, "["+table+"]") + 1
		if begin == 0 {
			return set(append(lines, "["+table+"]"), table, key, value)
		}
	}
	end := begin
	for end < len(lines) && !strings.HasPrefix(lines[end], "[") && !strings.HasPrefix(lines[end], key+" = ") {
		end++
	}
	if end < len(lines) && strings.HasPrefix(lines[end], key+" = ") {
		lines = slices.Delete(lines, end, end+1)
	} else {
		end = begin
	}
	if value == "" {
		return lines
	}
	return slices.Insert(lines, end, key+" = "+value)
}

// cmdSource sets the variables of a file of export lines:
//
//	source FILE
func cmdSource(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		assignment, exported := strings.CutPrefix(strings.TrimSpace(line), "export ")
		if !exported {
			continue
		}
		name, value, _ := strings.Cut(assignment, "=")
		ts.Setenv(name, strings.Trim(value, "'"))
	}
}

// cmdRecord changes the zone as somebody by hand would:
//
//	record weight NAME COLOR WEIGHT    of the A record
//	record simple NAME                 in place of the weighted A records
//	record zone NAME private|public    makes a zone and sets NEW_ZONE_ID
func cmdRecord(ts *testscript.TestScript, _ bool, args []string) {
	l := accountOf(ts).lab
	client := route53.New(route53.Options{
		Region: l.Sandbox.Account.Region, Credentials: stack.Credentials(), BaseEndpoint: aws.String(l.Sandbox.Endpoint()),
	})
	ctx := context.Background()
	if args[0] == "zone" {
		in := &route53.CreateHostedZoneInput{
			Name: &args[1], CallerReference: &args[1], HostedZoneConfig: &types.HostedZoneConfig{PrivateZone: args[2] == "private"},
		}
		if in.HostedZoneConfig.PrivateZone {
			in.VPC = &types.VPC{VPCId: aws.String("vpc-1"), VPCRegion: types.VPCRegionEuWest1}
		}
		out, err := client.CreateHostedZone(ctx, in)
		ts.Check(err)
		ts.Setenv("NEW_ZONE_ID", strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/"))
		return
	}
	listed, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: &l.Made.ZoneID, StartRecordName: &args[1], StartRecordType: types.RRTypeA,
	})
	ts.Check(err)
	batch := &types.ChangeBatch{}
	change := func(action types.ChangeAction, r types.ResourceRecordSet) {
		batch.Changes = append(batch.Changes, types.Change{Action: action, ResourceRecordSet: &r})
	}
	for _, r := range listed.ResourceRecordSets {
		switch {
		case *r.Name != args[1]+"." || r.Type != types.RRTypeA:
		case args[0] == "weight" && *r.SetIdentifier == args[2]:
			r.Weight = aws.Int64(int64(number(ts, args[3])))
			change(types.ChangeActionUpsert, r)
		case args[0] == "simple":
			change(types.ChangeActionDelete, r)
		}
	}
	if args[0] == "simple" {
		change(types.ChangeActionCreate, types.ResourceRecordSet{
			Name: &args[1], Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
		})
	}
	_, err = client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &l.Made.ZoneID, ChangeBatch: batch})
	ts.Check(err)
}

// cmdAppears waits until a file is there, or until it has a text:
//
//	appears FILE [TEXT]
func cmdAppears(ts *testscript.TestScript, _ bool, args []string) {
	file, text := ts.MkAbs(args[0]), strings.Join(args[1:], " ")
	for end := time.Now().Add(awaitLimit); ; {
		got, err := os.ReadFile(file)
		if err == nil && bytes.Contains(got, []byte(text)) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s did not appear in %s:\n%s", strings.Join(args, " "), awaitLimit, got)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// cmdDeregister takes an image away:
//
//	deregister IMAGE
func cmdDeregister(ts *testscript.TestScript, _ bool, args []string) {
	l := accountOf(ts).lab
	client := ec2.New(ec2.Options{
		Region: l.Sandbox.Account.Region, Credentials: stack.Credentials(), BaseEndpoint: aws.String(l.Sandbox.Endpoint()),
	})
	_, err := client.DeregisterImage(context.Background(), &ec2.DeregisterImageInput{ImageId: &args[0]})
	ts.Check(err)
}

// cmdTag tags an image, or whatever EC2 can tag:
//
//	tag RESOURCE KEY VALUE
func cmdTag(ts *testscript.TestScript, _ bool, args []string) {
	l := accountOf(ts).lab
	client := ec2.New(ec2.Options{
		Region: l.Sandbox.Account.Region, Credentials: stack.Credentials(), BaseEndpoint: aws.String(l.Sandbox.Endpoint()),
	})
	_, err := client.CreateTags(context.Background(), &ec2.CreateTagsInput{
		Resources: args[:1], Tags: []ec2types.Tag{{Key: &args[1], Value: &args[2]}},
	})
	ts.Check(err)
}

// cmdSuspend suspends a process of a color's Auto Scaling group:
//
//	suspend COLOR PROCESS
func cmdSuspend(ts *testscript.TestScript, _ bool, args []string) {
	l := accountOf(ts).lab
	client := autoscaling.New(autoscaling.Options{
		Region: l.Sandbox.Account.Region, Credentials: stack.Credentials(), BaseEndpoint: aws.String(l.Sandbox.Endpoint()),
	})
	_, err := client.SuspendProcesses(context.Background(), &autoscaling.SuspendProcessesInput{
		AutoScalingGroupName: aws.String("shop-" + args[0] + "-asg"), ScalingProcesses: args[1:],
	})
	ts.Check(err)
}
