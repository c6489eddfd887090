// Package stack fills a sandbox with a ready-made account: an app with a blue and a green stack, as a team with Terraform
// would have it. All of it is made by API calls, as anybody would.
package stack

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/ec2"
)

// Spec says what account to make. The zero value is the app "shop" in zone example.com.
type Spec struct {
	App   string
	Zone  string
	Names []string
	// Blue and Green are the sizes of the two groups; blue serves.
	Blue, Green Size
	// Behaviors are those of the images, by version, in the words of the tag "sandbox:behavior"; "healthy" where empty.
	Behaviors map[string]string
	// GreenVersion is the version that green's launch template names; "v2" when empty.
	GreenVersion string
	// HookSeconds is how long the launch hook holds an instance; none when zero.
	HookSeconds int
	// BlueOnly leaves green out: there is no stack and no record of it.
	BlueOnly bool
	// KeepAliveSeconds is how long the load balancers keep the connection of a client; as on AWS an hour when zero.
	KeepAliveSeconds int
	// IdleSeconds is how long a connection of a client may rest; as on AWS a minute when zero.
	IdleSeconds int
	// Program is the app for instances that run containers: the registry gets an image of it for each version, and the
	// launch templates tell an agent to run it. Without it the app is a process of the sandbox.
	Program *Program
}

// Size of an Auto Scaling group.
type Size struct{ Min, Max, Desired int32 }

// Made is what was made.
type Made struct {
	Spec   Spec
	ZoneID string
	Images map[string]string // id by version
	// Subnets are where instances are launched.
	Subnets []string
	// Containers are the references of the container images, by version; none without Spec.Program.
	Containers map[string]string
}

// The ports of the app and of its load balancers. They are above 1023, so that the sandbox runs as anybody.
const (
	AppPort   = 8000
	HTTPPort  = 8080
	HTTPSPort = 8443
)

// Versions are those of the images in the account.
var Versions = []string{"v1", "v2", "v3", "v4"}

func (s Spec) withDefaults() Spec {
	if s.App == "" {
		s.App = "shop"
	}
	if s.Zone == "" {
		s.Zone = "example.com"
	}
	if len(s.Names) == 0 {
		s.Names = []string{s.App + "." + s.Zone, "www." + s.Zone}
	}
	if s.Blue == (Size{}) {
		s.Blue = Size{Min: 2, Max: 6, Desired: 2}
	}
	if s.Green == (Size{}) {
		s.Green = Size{Min: 0, Max: 4, Desired: 0}
	}
	if s.GreenVersion == "" {
		s.GreenVersion = "v2"
	}
	if s.KeepAliveSeconds == 0 {
		s.KeepAliveSeconds = 3600
	}
	if s.IdleSeconds == 0 {
		s.IdleSeconds = 60
	}
	return s
}

// builder makes an account.
type builder struct {
	spec Spec
	sb   *sandbox.Sandbox
	made Made

	ec2    *sdkec2.Client
	elb    *elbv2.Client
	asg    *autoscaling.Client
	zones  *route53.Client
	vpc    string
	subnet []string
	groups map[string]string // security groups by purpose
	cert   string
}

// Build fills a sandbox. Instances boot in their own time afterwards.
func Build(ctx context.Context, sb *sandbox.Sandbox, spec Spec) (Made, error) {
	cfg := clients(sb)
	b := &builder{
		spec: spec.withDefaults(), sb: sb, groups: map[string]string{},
		ec2: sdkec2.NewFromConfig(cfg), elb: elbv2.NewFromConfig(cfg), asg: autoscaling.NewFromConfig(cfg), zones: route53.NewFromConfig(cfg),
	}
	b.made = Made{Spec: b.spec, Images: map[string]string{}, Containers: map[string]string{}}
	if err := b.containers(ctx); err != nil {
		return b.made, fmt.Errorf("fill the registry: %w", err)
	}
	if err := b.network(); err != nil {
		return b.made, err
	}
	zones := map[string]balancer{}
	for _, c := range []struct {
		color, version string
		size           Size
	}{{"blue", "v1", b.spec.Blue}, {"green", b.spec.GreenVersion, b.spec.Green}} {
		if c.color == "green" && b.spec.BlueOnly {
			continue
		}
		lb, err := b.color(ctx, c.color, c.version, c.size)
		if err != nil {
			return b.made, fmt.Errorf("make the %s stack: %w", c.color, err)
		}
		zones[c.color] = lb
	}
	if err := b.records(ctx, zones); err != nil {
		return b.made, fmt.Errorf("make the zone: %w", err)
	}
	b.made.Subnets = b.subnet
	b.sb.Account.Lock()
	b.sb.Zones.Settle() // the account has been there for long
	b.sb.Account.Unlock()
	return b.made, nil
}

// The credentials with which programs sign; the sandbox takes any.
const (
	AccessKeyID     = "AKIDSANDBOX"
	SecretAccessKey = "sandbox"
)

// Credentials are those of AccessKeyID.
func Credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, "")
}

// clients is how the SDK's clients reach a sandbox of this process.
func clients(sb *sandbox.Sandbox) aws.Config {
	return aws.Config{
		Region:       sb.Account.Region,
		BaseEndpoint: aws.String("http://sandbox"),
		HTTPClient:   &http.Client{Transport: sb.Transport()},
		Credentials:  Credentials(),
	}
}

// network makes what is there before any app: networks, images, a certificate.
func (b *builder) network() error {
	b.sb.Account.Lock()
	defer b.sb.Account.Unlock()
	e := b.sb.EC2
	b.vpc = e.AddVPC(ec2.VPC{CIDR: "10.0.0.0/16", Default: true})
	for i, zone := range []string{"a", "b"} {
		b.subnet = append(b.subnet, e.AddSubnet(ec2.Subnet{
			VPC: b.vpc, Zone: b.sb.Account.Region + zone, CIDR: fmt.Sprintf("10.0.%d.0/24", i), Public: true,
		}))
	}
	for _, purpose := range []string{"alb", "app"} {
		b.groups[purpose] = e.AddSecurityGroup(ec2.SecurityGroup{
			VPC: b.vpc, Name: b.spec.App + "-" + purpose, Description: "what may reach the " + purpose,
		})
	}
	e.AddInstanceProfile(b.spec.App)
	b.cert = b.sb.AddCertificate()
	for i, version := range Versions {
		if err := b.image(fmt.Sprintf("ami-0000000000000000%d", i+1), version, "x86_64", "available"); err != nil {
			return err
		}
	}
	return b.image("ami-000000000000000a1", "v2-arm64", "arm64", "available")
}

func (b *builder) image(id, version, architecture, state string) error {
	made, err := b.sb.EC2.AddImage(ec2.Image{
		ID: id, Name: b.spec.App + "-" + version, Architecture: architecture, State: state,
		Tags: b.imageTags(version),
	})
	b.made.Images[version] = made
	return err
}
