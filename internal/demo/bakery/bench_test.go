package bakery_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"bluegreen/internal/sandbox/stack"
)

const (
	boots = 3 // of each kind
	least = 5 // times as fast a baked image has to be
)

// BenchmarkBoot measures from the launch of an instance to the first healthy answer: of one from a baked image, and of one
// from the plain Debian whose user data does it all at boot, as scripts do that people have.
//
// The script is let off lightly, so that what comes out is a lower bound: its packages come from a mirror that may be near,
// its registry is on this machine, the login is handed to it, and it installs no aws CLI to get one. What holds the baked
// image up on AWS, blocks that come from S3, is here the unpacking of Docker's data.
func BenchmarkBoot(b *testing.B) {
	w := newWorld(b)
	baked := w.bake(b, w.bakery(b, "v2"))
	c := newClients(w)
	script := c.script(b, w.Made.Containers["v2"])
	var fast, slow []time.Duration
	for range boots {
		fast = append(fast, c.boot(b, baked.Image, "", fmt.Sprintf(":%d/health", stack.AgentPort)))
		slow = append(slow, c.boot(b, baked.Base, script, fmt.Sprintf(":%d/health", stack.AppPort)))
	}
	slices.Sort(fast)
	slices.Sort(slow)
	ratio := float64(slow[boots/2]) / float64(fast[boots/2])
	fmt.Printf("\n  launch to healthy (median of %d): baked image %.1f s, script at boot %.1f s, ratio %.1f (at least %d)\n",
		boots, fast[boots/2].Seconds(), slow[boots/2].Seconds(), ratio, least)
	b.ReportMetric(ratio, "ratio")
	if ratio < least {
		b.Errorf("a baked image is %.1f times as fast as a script, want %d: %v and %v", ratio, least, fast, slow)
	}
}

// clients are those of the account with which a person would launch instances.
type clients struct {
	w   *world
	ec2 *ec2.Client
	ecr *ecr.Client
}

func newClients(w *world) clients {
	config := aws.Config{
		Region: w.Sandbox.Account.Region, BaseEndpoint: aws.String("http://sandbox"), Credentials: stack.Credentials(),
		HTTPClient: &http.Client{Transport: w.Sandbox.Transport()},
	}
	return clients{w: w, ec2: ec2.NewFromConfig(config), ecr: ecr.NewFromConfig(config)}
}

const classic = `#!/bin/bash
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive HOME=/root
apt-get -qq update
apt-get -qq -y install docker.io
echo '%s' | docker login --username AWS --password-stdin %s
docker pull --quiet %[3]s
docker run --detach --restart always --publish %[4]d:%[4]d %[3]s
`

// script is user data that does at boot what is on a baked image already.
func (c clients) script(b *testing.B, image string) string {
	b.Helper()
	out, err := c.ecr.GetAuthorizationToken(b.Context(), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		b.Fatal(err)
	}
	login, err := base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf(classic, string(login[len("AWS:"):]), c.w.Sandbox.Images.Host(), image, stack.AppPort)
}

// boot launches an instance, waits until it is healthy, and has it end.
func (c clients) boot(b *testing.B, image, userData, health string) (took time.Duration) {
	b.Helper()
	begun := time.Now()
	out, err := c.ec2.RunInstances(b.Context(), &ec2.RunInstancesInput{
		ImageId: &image, SubnetId: &c.w.Made.Subnets[0], InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		UserData:        aws.String(base64.StdEncoding.EncodeToString([]byte(userData))),
		MetadataOptions: &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(2)},
	})
	if err != nil {
		b.Fatal(err)
	}
	id, addr := *out.Instances[0].InstanceId, netip.MustParseAddr(*out.Instances[0].PrivateIpAddress)
	eventually(b.Context(), b, id+" is healthy", func() bool { return answers("http://" + addr.String() + health) })
	took = time.Since(begun)
	if _, err := c.ec2.TerminateInstances(b.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		b.Fatal(err)
	}
	return took
}

var patient = http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func answers(url string) bool {
	reply, err := patient.Get(url)
	if err != nil {
		return false
	}
	_ = reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}
