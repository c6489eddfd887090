package aws_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/dns"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/instance"
	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/sandbox/wire"
)

// What is missing is awserr.ErrNotFound in every adapter, with a text that says what was looked for.
func TestMissing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		g, err := w.Groups.Get(ctx, "shop-blue-asg")
		if err != nil {
			t.Fatal(err)
		}
		gone := strings.ReplaceAll(w.targetGroups(t)[0].ARN, "shop-blue", "shop-gone")
		for want, err := range map[string]error{
			"describe load balancer nobody: ":                              second(w.Balancers.Get(ctx, "nobody")),
			"list the target groups of ":                                   second(w.Balancers.Groups(ctx, strings.ReplaceAll(w.balancer(t).ARN, "shop-blue", "shop-gone"))),
			"read the health of target group " + gone + ": ":               second(w.Balancers.Targets(ctx, gone)),
			"describe Auto Scaling group nobody: not found":                second(w.Groups.Get(ctx, "nobody")),
			"describe version 9 of launch template " + g.TemplateID + ": ": second(w.Templates.Get(ctx, g.TemplateID, "9")),
			"describe version 1 of launch template lt-0123456789abcdef0: ": second(w.Templates.Get(ctx, "lt-0123456789abcdef0", "1")),
			"describe image ami-0123456789abcdef0: ":                       second(w.Images.Get(ctx, "ami-0123456789abcdef0")),
			"read parameter /none: ":                                       second(w.Params.Get(ctx, "/none")),
			"read hosted zone ZNONE: ":                                     second(w.DNS.Zone(ctx, "ZNONE")),
			"list the records of zone ZNONE: ":                             second(w.DNS.List(ctx, "ZNONE", "a.example.com")),
			"ask for change CNONE: ":                                       second(w.DNS.Synced(ctx, "CNONE")),
			"change the records of zone ZNONE: ":                           second(w.DNS.Apply(ctx, "ZNONE", []dns.Change{{Action: dns.Create, Record: dns.Record{Name: "a.", Type: "A", TTL: 1, Values: []string{"192.0.2.1"}}}}, "")),
		} {
			if !errors.Is(err, awserr.ErrNotFound) || !strings.HasPrefix(text(err), want) || awserr.Transient(err) {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
}

// The same of what images are made with.
func TestMissingInTheKitchen(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		const ami, i, snap = "ami-0123456789abcdef0", "i-0123456789abcdef0", "snap-0123456789abcdef0"
		all := []string{"111122223333"}
		for want, err := range map[string]error{
			"describe image " + ami + ": ":                                second(k.b.Images.Progress(ctx, ami)),
			"create image shop-1 of instance " + i + ": ":                 second(k.b.Images.Create(ctx, image.Request{Instance: i, Name: "shop-1"})),
			"copy image " + ami + " from us-west-2 to " + k.Region + ": ": second(k.b.Images.Copy(ctx, image.CopyRequest{Source: ami, SourceRegion: "us-west-2", Name: "shop-1"})),
			"share snapshot " + snap + ": ":                               k.b.Images.Share(ctx, ami, []string{snap}, image.Audience{Accounts: all}),
			"share image " + ami + ": ":                                   k.b.Images.Share(ctx, ami, nil, image.Audience{Accounts: all}),
			"read whom image " + ami + " is shared with: ":                second(k.b.Images.Audience(ctx, ami)),
			"read whom snapshot " + snap + " is shared with: ":            second(k.b.Images.SnapshotAudience(ctx, snap)),
			"tag " + ami + ": ":                                           k.b.Images.Tag(ctx, ami, map[string]string{"k": "v"}),
			"deprecate image " + ami + ": ":                               k.b.Images.Deprecate(ctx, ami, time.Now().Add(time.Hour)),
			"disable image " + ami + ": ":                                 k.b.Images.Disable(ctx, ami),
			"enable image " + ami + ": ":                                  k.b.Images.Enable(ctx, ami),
			"launch an instance of " + ami + ": ":                         second(k.b.Instances.Run(ctx, instance.Launch{Image: ami, Type: "t3.small", RootDevice: "/dev/xvda"})),
			"describe instance " + i + ": ":                               second(k.b.Instances.Get(ctx, i)),
			"stop instance " + i + ": ":                                   k.b.Instances.Stop(ctx, i),
			"terminate instance " + i + ": ":                              k.b.Instances.Terminate(ctx, i),
			"read the console of instance " + i + ": ":                    second(k.b.Instances.Console(ctx, i)),
			"find the digest of " + k.sb.Images.Host() + "/none: ":        second(k.b.Registry.Digest(ctx, k.sb.Images.Host()+"/none")),
			"read the history of parameter /none: ":                       second(k.b.Params.History(ctx, "/none")),
			"make version 9 of launch template lt-0123456789abcdef0 its default: ": k.b.Templates.MakeDefault(
				ctx, template.Version{TemplateID: "lt-0123456789abcdef0", Number: 9}),
			"write s3://nobodys/a: ": k.b.Staging.Put(ctx, "nobodys", "a", strings.NewReader("")),
			"list s3://nobodys/a: ":  second(k.b.Staging.List(ctx, "nobodys", "a")),
		} {
			if !errors.Is(err, awserr.ErrNotFound) || !strings.HasPrefix(text(err), want) || awserr.Transient(err) {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A service that throttles or does not answer is asked nine times; then the error says which of the two it was.
func TestRetries(t *testing.T) {
	inKitchen(t, func(_ context.Context, t *testing.T, w *kitchen) {
		g, err := w.Groups.Get(t.Context(), "shop-blue-asg")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.sb.Buckets.CreateBucket("staging"); err != nil {
			t.Fatal(err)
		}
		lb, now := w.balancer(t), time.Now()
		query := metrics.Query{Namespace: "App", Name: "Requests", Stat: "Sum", Period: time.Minute}
		for what, call := range map[string]func(context.Context) error{
			"route53":              func(ctx context.Context) error { return second(w.DNS.Zone(ctx, w.made.ZoneID)) },
			"elasticloadbalancing": func(ctx context.Context) error { return second(w.Balancers.Groups(ctx, lb.ARN)) },
			"autoscaling":          func(ctx context.Context) error { return second(w.Groups.Get(ctx, g.Name)) },
			"ec2":                  func(ctx context.Context) error { return second(w.Images.Get(ctx, w.made.Images["v1"])) },
			"monitoring":           func(ctx context.Context) error { return second(w.Metrics.Read(ctx, now.Add(-time.Hour), now, query)) },
			"ssm":                  func(ctx context.Context) error { return second(w.Params.List(ctx, "/a")) },
			"s3":                   func(ctx context.Context) error { return w.b.Staging.Put(ctx, "staging", "a", strings.NewReader("a")) },
		} {
			for action, kind := range map[wire.Action]error{
				wire.ActionThrottle: awserr.ErrThrottled, wire.ActionLostReply: awserr.ErrUnreachable, wire.ActionCrashBefore: awserr.ErrUnreachable,
			} {
				attempts := func(times int) (int, error) {
					calls := 0
					stop := w.sb.Front.Calls.Observe(func(c wire.Call) {
						if c.Service == what {
							calls++
						}
					})
					defer stop()
					w.sb.Front.Faults.Add(wire.Fault{Service: what, Nth: 1, Times: times, Action: action})
					defer w.sb.Front.Faults.Clear()
					err := call(t.Context())
					return calls, err
				}
				if n, err := attempts(8); n != 9 || err != nil {
					t.Errorf("%s, %s eight times: %d calls, %v", what, action, n, err)
				}
				if n, err := attempts(-1); n != 9 || !errors.Is(err, kind) || !awserr.Transient(err) {
					t.Errorf("%s, %s for good: %d calls, %v", what, action, n, err)
				}
			}
		}
	})
}

// Traffic waits for Route 53: it is asked again every two seconds at the latest.
func TestRoute53IsAskedAgainSoon(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.sb.Front.Faults.Add(wire.Fault{Service: "route53", Nth: 1, Times: 8, Action: wire.ActionThrottle})
		begun := time.Now()
		if _, err := w.DNS.Zone(t.Context(), w.made.ZoneID); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 8*2*time.Second {
			t.Errorf("eight throttled attempts took %s", took)
		}
	})
}

func TestConnect(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := aws.Connect(t.Context(), aws.Options{}); text(err) != "no AWS region: set region in the configuration file, or AWS_REGION" {
		t.Errorf("got %v", err)
	}
	t.Setenv("AWS_REGION", "eu-north-1")
	for region, want := range map[string]string{"": "eu-north-1", "eu-west-1": "eu-west-1"} {
		if a, err := aws.Connect(t.Context(), aws.Options{Region: region}); err != nil || a.Region != want {
			t.Errorf("%q: %v, %v", region, a, err)
		}
	}
}
